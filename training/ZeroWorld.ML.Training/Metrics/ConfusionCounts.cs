namespace ZeroWorld.ML.Training;

/// <summary>Decisions against labels at one threshold.</summary>
public readonly record struct ConfusionCounts(long TruePositives, long FalsePositives, long TrueNegatives, long FalseNegatives)
{
    /// <value>NaN when nothing was taken as positive.</value>
    public double Precision => (double)TruePositives / (TruePositives + FalsePositives);

    /// <value>NaN without positives.</value>
    public double Recall => (double)TruePositives / (TruePositives + FalseNegatives);

    /// <value>NaN without negatives.</value>
    public double FalsePositiveRate => (double)FalsePositives / (FalsePositives + TrueNegatives);

    /// <summary>Counts rows with a score at or above the threshold as taken for positive.</summary>
    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    public static ConfusionCounts At(ReadOnlySpan<float> scores, ReadOnlySpan<bool> labels, double threshold)
    {
        BinaryMetrics.Check(scores, labels);
        long truePositives = 0, falsePositives = 0, trueNegatives = 0, falseNegatives = 0;
        for (var row = 0; row < scores.Length; row++)
        {
            if (scores[row] >= threshold)
            {
                _ = labels[row] ? truePositives++ : falsePositives++;
            }
            else
            {
                _ = labels[row] ? falseNegatives++ : trueNegatives++;
            }
        }

        return new ConfusionCounts(truePositives, falsePositives, trueNegatives, falseNegatives);
    }
}
