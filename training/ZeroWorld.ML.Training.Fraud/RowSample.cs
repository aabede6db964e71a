namespace ZeroWorld.ML.Training.Fraud;

internal static class RowSample
{
    /// <summary>At most so many of the rows, evenly spread.</summary>
    internal static int[] Spread(ReadOnlySpan<int> rows, int most)
    {
        var sample = new int[Math.Min(rows.Length, most)];
        for (var index = 0; index < sample.Length; index++)
        {
            sample[index] = rows[(int)((long)index * rows.Length / sample.Length)];
        }

        return sample;
    }
}
