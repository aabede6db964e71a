namespace ZeroWorld.ML.Training.Moderation;

/// <summary>How far probabilities are from what happens. Pure functions.</summary>
public static class CalibrationError
{
    /// <summary>Expected calibration error with bins of equal mass: the mean over the bins, weighted by rows, of |mean probability - share of positives|.</summary>
    /// <param name="bins">1 or more; default 15.</param>
    /// <returns>0 to 1; NaN without rows.</returns>
    public static double Expected(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> positives, int bins = 15)
    {
        if (probabilities.Length != positives.Length)
        {
            throw new ArgumentException($"There are {probabilities.Length} probabilities and {positives.Length} labels; expected as many.", nameof(positives));
        }

        var sorted = probabilities.ToArray();
        var labels = positives.ToArray();
        Array.Sort(sorted, labels);
        var error = 0.0;
        for (var bin = 0; bin < bins; bin++)
        {
            var (from, to) = ((int)((long)bin * sorted.Length / bins), (int)((long)(bin + 1) * sorted.Length / bins));
            var (sum, count) = (0.0, 0);
            for (var row = from; row < to; row++)
            {
                sum += sorted[row];
                count += labels[row] ? 1 : 0;
            }

            error += Math.Abs(sum - count);
        }

        return error / sorted.Length;
    }
}
