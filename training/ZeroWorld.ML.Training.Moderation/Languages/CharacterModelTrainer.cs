using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A model of the order of characters for each label, with equal priors, as linear weights: what tells languages apart with few texts of each.</summary>
/// <remarks>
/// The chance of a character after the characters before it is interpolated with the chance after one fewer, down to the chance of any character (Witten and Bell, 1991):
/// <c>p(c | context) = (count(context c) + d types(context) p(c | shorter context)) / (count(context) + d types(context))</c>. With longer contexts d grows: what was seen once of them says less.
/// The weight of an n-gram is <c>ln p(c | context) - ln p(c | shorter context)</c>, less its mean over the labels: over a text these add up to the log chance under the longest
/// contexts that were seen, so that a linear model over counted characters (<see cref="TextFeaturizerSettings.AreCharactersCounted"/>) is such a model exactly. Stateless and thread safe.
/// </remarks>
public static class CharacterModelTrainer
{
    private const int StackFloatsMax = 512;

    // How much d grows with each character of context beyond the first.
    private const float Growth = 0.5f;

    /// <param name="featurizer">Its character channel is the only one that weighs.</param>
    /// <param name="labels">One per text.</param>
    /// <param name="discount">How much the shorter contexts count, d above, for those of at most one character; half as much again with each further one. Above 0, default 3.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, <see cref="TrainingError.UnsuitableData"/>: labels are not exclusive, fewer than three, or one has no text.</exception>
    public static LinearWeights Fit(
        TextFeaturizer featurizer, IReadOnlyList<string> texts, LabelMatrix labels, double discount = 3, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(featurizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(labels);
        if (!(discount > 0 && double.IsFinite(discount)))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"discount: {discount} is not valid; expected a number above 0.");
        }

        if (featurizer.Settings.CharacterMin != 1)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"character_min: {featurizer.Settings.CharacterMin} is not valid; a model of characters expects 1.");
        }

        if (!labels.IsExclusive || labels.Columns < 3 || labels.Rows != texts.Count)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"labels: {labels.Columns} of {labels.Rows} rows and {texts.Count} texts, exclusive: {labels.IsExclusive}; expected three or more labels, one per text.");
        }

        var counts = Count(featurizer, texts, labels, progress, cancellationToken);
        return Weigh(featurizer, labels, counts, (float)discount, cancellationToken);
    }

    private static CharacterCounts[] Count(
        TextFeaturizer featurizer, IReadOnlyList<string> texts, LabelMatrix labels, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        CharacterCounts[] counts = [.. Enumerable.Range(0, featurizer.Settings.CharacterMax).Select(_ => new CharacterCounts(labels.Columns))];
        var (workspace, ngrams) = (new TextWorkspace(), new List<CharacterNgram>());
        for (var row = 0; row < texts.Count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            featurizer.CharacterNgrams(texts[row], workspace, ngrams);
            var label = labels.ClassOf(row);
            foreach (var ngram in ngrams)
            {
                counts[ngram.Length - 1].Add(ngram, label);
            }

            if (row % 1_024 == 0)
            {
                progress?.Report((double)row / texts.Count);
            }
        }

        for (var label = 0; label < labels.Columns; label++)
        {
            if (!counts[0].Has(label))
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"label '{labels.Names[label]}': no text of it has a character; expected at least one.");
            }
        }

        return counts;
    }

    private static LinearWeights Weigh(TextFeaturizer featurizer, LabelMatrix labels, CharacterCounts[] counts, float discount, CancellationToken cancellationToken)
    {
        var columns = labels.Columns;
        var weights = new LinearWeights(featurizer.Size, columns, counts.Sum(static order => order.Count));
        float[] shorter = [];
        for (var length = 1; length <= counts.Length; length++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var order = counts[length - 1];
            var tables = order.ToTables();
            var chances = new float[order.Count * columns];
            for (var row = 0; row < order.Count; row++)
            {
                var ngram = order.NgramOf(row);
                var chance = chances.AsSpan(row * columns, columns);
                if (length == 1)
                {
                    chance.Fill(1f / order.Count);
                }
                else
                {
                    shorter.AsSpan(counts[length - 2].RowOf(ngram.SuffixKey) * columns, columns).CopyTo(chance);
                }

                Weigh(tables.CountsOf(row), tables.TotalsOf(row), tables.TypesOf(row), discount * (1 + (Growth * Math.Max(length - 2, 0))), length == 1, chance, weights.AddRow(ngram.Id));
            }

            shorter = chances;
        }

        return weights;
    }

    // Chance comes as that after the shorter context, and leaves as that after the whole one.
    private static void Weigh(
        ReadOnlySpan<float> counts, ReadOnlySpan<float> totals, ReadOnlySpan<float> types, float discount, bool isFirst, Span<float> chance, Span<float> weights)
    {
        Span<float> logs = counts.Length <= StackFloatsMax ? stackalloc float[counts.Length] : new float[counts.Length];
        var sum = 0f;
        for (var label = 0; label < counts.Length; label++)
        {
            var escape = discount * types[label];
            var next = totals[label] > 0 ? (counts[label] + (escape * chance[label])) / (totals[label] + escape) : chance[label];
            logs[label] = isFirst ? MathF.Log(next) : MathF.Log(next / chance[label]);
            chance[label] = next;
            sum += logs[label];
        }

        var mean = sum / counts.Length;
        for (var label = 0; label < counts.Length; label++)
        {
            weights[label] += logs[label] - mean;
        }
    }
}
