namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class TrialTwinsTests
{
    private static readonly (string Algorithm, IReadOnlyDictionary<string, string> Parameters)[] Grid =
    [
        ("lightgbm", Settings(bins: 1024, fits: 1)),
        ("lightgbm", Settings(bins: 60_000, fits: 1)),
        ("lightgbm", Settings(bins: 60_000, fits: 4)),
        ("lightgbm", new SortedDictionary<string, string>(Settings(bins: 60_000, fits: 4)) { ["trees"] = "400" }),
    ];

    [Theory]
    [InlineData(0.5, 0.5, true)]
    [InlineData(0.5, 0.4, true)]
    [InlineData(0.5, 0.504, true)]
    [InlineData(0.5, 0.52, false)]
    public void IsOut_SameSettingsWithMoreBins_StaysWhileItIsBetter(double few, double many, bool isOut) =>
        Assert.Equal(isOut, TrialTwins.IsOut(Grid, [[few], [many], [0.9], []], [true, true, true, true], trial: 1, folds: 1));

    [Fact]
    public void IsOut_SumOfTheFolds_Decides()
    {
        Assert.False(TrialTwins.IsOut(Grid, [[0.5, 0.6], [0.6, 0.55], [], []], [true, true, true, true], trial: 1, folds: 2));
        Assert.True(TrialTwins.IsOut(Grid, [[0.5, 0.6], [0.51, 0.55], [], []], [true, true, true, true], trial: 1, folds: 2));
    }

    [Fact]
    public void IsOut_MoreFitsOfATrialThatIsOut_IsOutBeforeItIsMeasured()
    {
        Assert.True(TrialTwins.IsOut(Grid, [[0.5], [0.4], [], []], [true, false, true, true], trial: 2, folds: 0));
        Assert.False(TrialTwins.IsOut(Grid, [[0.5], [0.6], [], []], [true, true, true, true], trial: 2, folds: 0));
    }

    [Fact]
    public void IsOut_OtherSettingsToo_IsNoTwin() => Assert.False(TrialTwins.IsOut(Grid, [[0.9], [0.1], [0.1], [0.1]], [false, false, false, true], trial: 3, folds: 1));

    [Theory]
    [InlineData(400, 200, 1_999_999, 5)]
    [InlineData(400, 200, 2_000_000, 3)]
    [InlineData(400, 200, 20_000_000, 1)]
    [InlineData(5_000, 2_500, 100_000, 1)]
    [InlineData(16, 8, 100_000, 2)]
    public void CountOf_MoreValues_HasFewerFolds(int positives, int measured, long values, int folds) => Assert.Equal(folds, TableFold.CountOf(positives, measured, values));

    private static SortedDictionary<string, string> Settings(int bins, int fits) => new(StringComparer.Ordinal)
    {
        ["bins_max"] = bins.ToString(System.Globalization.CultureInfo.InvariantCulture), ["fits"] = fits.ToString(System.Globalization.CultureInfo.InvariantCulture), ["trees"] = "200",
    };
}
