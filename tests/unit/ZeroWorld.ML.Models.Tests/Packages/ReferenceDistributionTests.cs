namespace ZeroWorld.ML.Models.Tests;

public sealed class ReferenceDistributionTests
{
    [Fact]
    public void Measure_KnownColumn_MatchesNumpy()
    {
        // numpy: np.quantile([3, 1, 4, 1, 5, 9, 2, 6], levels), np.mean, np.std.
        var distribution = ReferenceDistribution.Measure([3, 1, double.NaN, 4, 1, 5, 9, 2, 6]);

        double[] expected = [1, 1, 1, 1, 1.75, 3.5, 5.25, 6.9, 7.95, 8.79, 9];
        Assert.Equal((9L, 1L), (distribution.Count, distribution.Nulls));
        Assert.All(expected.Zip(distribution.Quantiles), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
        Assert.Equal(3.875, distribution.Mean, 1e-12);
        Assert.Equal(2.5708704751503917, distribution.Stddev, 1e-12);
    }

    [Fact]
    public void Measure_OneValueOrNone_NeedsNoOther()
    {
        var one = ReferenceDistribution.Measure([7]);
        var none = ReferenceDistribution.Measure([double.NaN, double.NaN]);

        Assert.All(one.Quantiles, quantile => Assert.Equal(7, quantile));
        Assert.Equal((7.0, 0.0), (one.Mean, one.Stddev));
        Assert.Equal((2L, 2L), (none.Count, none.Nulls));
        Assert.All(none.Quantiles, quantile => Assert.Equal(double.NaN, quantile));
        Assert.Equal(double.NaN, none.Mean);
    }

    [Fact]
    public void Measure_LargeOffset_KeepsTheDeviation()
    {
        var distribution = ReferenceDistribution.Measure([1e9, 1e9 + 1, 1e9 + 2]);

        Assert.Equal(Math.Sqrt(2.0 / 3), distribution.Stddev, 1e-9);
    }
}
