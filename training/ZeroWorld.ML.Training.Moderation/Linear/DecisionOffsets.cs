namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What is added to each class's margin before the greatest decides: chosen on validation rows for a metric. Pure functions.</summary>
internal static class DecisionOffsets
{
    private const int Steps = 20;
    private const float StepSize = 0.1f;
    private const int Rounds = 3;

    /// <summary>The greatest margin with its offset; for one column, whether it is above 0.</summary>
    public static int Decide(ReadOnlySpan<float> margins, ReadOnlySpan<float> offsets)
    {
        if (offsets.Length == 1)
        {
            return margins[0] + offsets[0] > 0 ? 1 : 0;
        }

        var best = 0;
        for (var label = 1; label < offsets.Length; label++)
        {
            best = margins[label] + offsets[label] > margins[best] + offsets[best] ? label : best;
        }

        return best;
    }

    /// <param name="margins">One array per validation row.</param>
    /// <param name="classes">True class of each.</param>
    /// <param name="metric">Greater is better.</param>
    /// <returns>Offsets and the metric with them. Of equal offsets the smallest win.</returns>
    public static (float[] Offsets, double Metric) Choose(IReadOnlyList<float[]> margins, int[] classes, int columns, int classCount, Func<ClassMetrics, double> metric)
    {
        var offsets = new float[columns];
        var decided = new int[classes.Length];
        var best = Measure();
        for (var round = 0; round < Rounds; round++)
        {
            var before = best;
            for (var label = 0; label < columns; label++)
            {
                var chosen = offsets[label];
                for (var step = -Steps; step <= Steps; step++)
                {
                    offsets[label] = step * StepSize;
                    var value = Measure();
                    if (value > best + 1e-9 || (value > best - 1e-9 && Math.Abs(offsets[label]) < Math.Abs(chosen)))
                    {
                        (best, chosen) = (Math.Max(best, value), offsets[label]);
                    }
                }

                offsets[label] = chosen;
            }

            if (best <= before)
            {
                break;
            }
        }

        return (offsets, best);

        double Measure()
        {
            for (var row = 0; row < decided.Length; row++)
            {
                decided[row] = Decide(margins[row], offsets);
            }

            return metric(ClassMetrics.Of(classes, decided, classCount));
        }
    }
}
