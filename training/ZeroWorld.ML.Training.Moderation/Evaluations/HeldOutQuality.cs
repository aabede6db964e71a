namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What held-out margins say of a text classifier. Pure functions.</summary>
internal static class HeldOutQuality
{
    public static float[][] Probabilities(IReadOnlyList<float[]> margins, Calibration calibration, LabelMatrix labels)
    {
        var result = new float[margins.Count][];
        for (var row = 0; row < result.Length; row++)
        {
            result[row] = new float[labels.Columns];
            calibration.Apply(margins[row].ToArray(), result[row], labels.IsExclusive);
        }

        return result;
    }

    /// <summary>Mean negative log likelihood of the right answers, in nats.</summary>
    public static double LogLoss(IReadOnlyList<float[]> margins, Calibration calibration, LabelMatrix labels, ReadOnlySpan<int> rows)
    {
        var probabilities = Probabilities(margins, calibration, labels);
        var sum = 0.0;
        for (var place = 0; place < rows.Length; place++)
        {
            sum -= LogLikelihood(probabilities[place], labels, rows[place]);
        }

        return sum / rows.Length;
    }

    /// <summary>Log likelihood of the right answers of one row, in nats.</summary>
    public static double LogLikelihood(ReadOnlySpan<float> probabilities, LabelMatrix labels, int row)
    {
        var sum = 0.0;
        for (var label = 0; label < labels.Columns; label++)
        {
            var isTrue = labels[row, label];
            var likelihood = isTrue ? probabilities[label] : 1 - probabilities[label];
            sum += labels.IsExclusive && !isTrue ? 0 : Math.Log(Math.Max(likelihood, 1e-7));
        }

        return sum;
    }

    public static SortedDictionary<string, double> Measure(float[][] probabilities, LabelMatrix labels)
    {
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["rows"] = probabilities.Length };
        var (calibration, macro) = (0.0, 0.0);
        for (var label = 0; label < labels.Columns; label++)
        {
            float[] scores = [.. probabilities.Select(row => row[label])];
            bool[] positives = [.. Enumerable.Range(0, labels.Rows).Select(row => labels[row, label])];
            metrics[$"average_precision.{labels.Names[label]}"] = BinaryMetrics.AveragePrecision(scores, positives);
            calibration += CalibrationError.Expected(scores, positives) / labels.Columns;
            macro += FromHalfOn(scores, positives) / labels.Columns;
        }

        metrics["expected_calibration_error"] = calibration;
        if (!labels.IsExclusive)
        {
            metrics["macro_f1"] = macro;
        }
        else
        {
            int[] truth = [.. Enumerable.Range(0, labels.Rows).Select(labels.ClassOf)];
            var classes = ClassMetrics.Of(truth, [.. probabilities.Select(static row => row.AsSpan().IndexOfMax())], labels.Columns);
            (metrics["accuracy"], metrics["macro_f1"], metrics["weighted_f1"], metrics["mcc"]) = (classes.Accuracy, classes.MacroF1, classes.WeightedF1, classes.Matthews);
        }

        return metrics;
    }

    // F1 of a label that a text has from a probability of 0.5 on; 0 where no text has it and none is said to.
    private static double FromHalfOn(ReadOnlySpan<float> scores, ReadOnlySpan<bool> positives)
    {
        var (found, all) = (0, 0);
        for (var row = 0; row < scores.Length; row++)
        {
            var isSaid = scores[row] >= 0.5f;
            found += isSaid && positives[row] ? 1 : 0;
            all += (isSaid ? 1 : 0) + (positives[row] ? 1 : 0);
        }

        return all == 0 ? 0 : 2.0 * found / all;
    }
}
