using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class LearnedRowsTests
{
    // Four texts in two parts, and one copy of each.
    private static readonly LabelledTexts Texts = new(
        ["sun", "rain", "moon", "snow", "nus", "nair", "noom", "wons"], LabelMatrix.OfClasses(["warm", "cold", "warm", "cold", "warm", "cold", "warm", "cold"]));

    private static readonly LearnedRows Learned = new(SparseRows.Of(TextFeaturizer.Default, Texts.Texts, CancellationToken.None), Texts.Labels, [0, 0, 1, 1], 0.5f);

    [Fact]
    public void FitRows_OnePartHeldOut_LeavesItsTextsAndTheirCopies()
    {
        Assert.Equal([2, 3, 6, 7], Learned.FitRows(0, withCopies: true));
        Assert.Equal([2, 3], Learned.FitRows(0, withCopies: false));
        Assert.Equal([0, 1, 4, 5], Learned.HeldOutRows(0, withCopies: true));
        Assert.Equal([0, 1], Learned.HeldOutRows(0, withCopies: false));
    }

    [Fact]
    public void Shares_OfCopies_AreLess() => Assert.Equal([1, 0.5f, 1], Learned.Shares([3, 4, 0]));

    [Fact]
    public void Fit_RowsThatCountLess_MoveTheWeightsLess()
    {
        // The last two say the opposite of the first two.
        var labels = LabelMatrix.OfClasses(["warm", "cold", "cold", "warm"]);
        var features = SparseRows.Of(TextFeaturizer.Default, ["sun", "rain", "sun", "rain"], CancellationToken.None);
        float MarginOfSun(float share)
        {
            var settings = new LinearTextSettings { Tolerance = 1e-5, PassesMax = 2_000 };
            var weights = LinearTextTrainer.Fit(features, labels, [0, 1, 2, 3], [1, 1, share, share], settings, 1, CancellationToken.None);
            return TextProtocol.Margins(weights, features.Ids(0), features.Values(0))[0];
        }

        var (equal, half, hardly) = (MarginOfSun(1), MarginOfSun(0.5f), MarginOfSun(0.01f));

        Assert.Equal(0, equal, 0.05);
        Assert.InRange(half, equal + 0.1f, hardly - 0.1f);
    }
}
