namespace ZeroWorld.ML.Features.Parquet.Tests;

internal static class FrameAssert
{
    /// <summary>Equal columns with equal bits.</summary>
    public static void Equal(ColumnFrame expected, ColumnFrame actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach (var name in expected.Names)
        {
            var isEqual = expected.TryGet<double>(name, out var doubles)
                ? doubles.AsSpan().SequenceEqual(actual.Get<double>(name), BitComparer.Instance)
                : expected.TryGet<long>(name, out var longs)
                    ? longs.AsSpan().SequenceEqual(actual.Get<long>(name))
                    : expected.Get<string>(name).AsSpan().SequenceEqual(actual.Get<string>(name));
            Assert.True(isEqual, $"column {name} differs");
        }
    }

    private sealed class BitComparer : IEqualityComparer<double>
    {
        public static BitComparer Instance { get; } = new();

        public bool Equals(double left, double right) => BitConverter.DoubleToInt64Bits(left) == BitConverter.DoubleToInt64Bits(right);

        public int GetHashCode(double value) => value.GetHashCode();
    }
}
