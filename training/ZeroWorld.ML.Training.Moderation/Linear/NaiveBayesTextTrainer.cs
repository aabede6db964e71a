namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Multinomial naive Bayes over hashed n-grams with equal priors, as linear weights: one pass, and hard to beat where a class has few, short texts.</summary>
/// <remarks>
/// <c>w[id, label] = ln((count / total of the label) x mean total + smoothing)</c>, less its mean over the labels. What a label never had weighs the same for all labels,
/// however many texts each has: with smoothing by raw counts the label with the fewest texts wins every unknown word. Stateless and thread safe.
/// </remarks>
public static class NaiveBayesTextTrainer
{
    /// <param name="smoothing">Pseudo count of an n-gram that a label never had, above 0; default 0.1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, <see cref="TrainingError.UnsuitableData"/>: labels are not exclusive, fewer than two, or one has no features.</exception>
    public static LinearWeights Fit(SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, double smoothing = 0.1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        if (!(smoothing > 0 && double.IsFinite(smoothing)))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"smoothing: {smoothing} is not valid; expected a number above 0.");
        }

        if (!labels.IsExclusive || labels.Columns < 3)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"labels: {labels.Columns}, exclusive: {labels.IsExclusive}; naive Bayes expects three or more labels, one per row.");
        }

        var weights = new LinearWeights(features.Size, labels.Columns);
        var totals = new double[labels.Columns];
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var label = labels.ClassOf(row);
            foreach (var id in features.Ids(row))
            {
                weights.Array[((long)id * weights.Stride) + label]++;
                totals[label]++;
            }
        }

        if (totals.AsSpan().IndexOf(0) is >= 0 and var empty)
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"label '{labels.Names[empty]}': no training row of it has a feature; expected at least one.");
        }

        var mean = totals.Average();
        for (var id = 0; id < features.Size; id++)
        {
            Weigh(weights.Array.AsSpan(id * weights.Stride, labels.Columns), totals, mean, smoothing);
        }

        return weights;
    }

    private static void Weigh(Span<float> counts, double[] totals, double mean, double smoothing)
    {
        if (counts.IndexOfAnyExcept(0) < 0)
        {
            return;
        }

        var sum = 0.0;
        for (var label = 0; label < counts.Length; label++)
        {
            var log = Math.Log((counts[label] / totals[label] * mean) + smoothing);
            counts[label] = (float)log;
            sum += log;
        }

        for (var label = 0; label < counts.Length; label++)
        {
            counts[label] -= (float)(sum / counts.Length);
        }
    }
}
