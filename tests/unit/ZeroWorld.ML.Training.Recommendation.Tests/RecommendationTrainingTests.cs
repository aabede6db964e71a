using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class RecommendationTrainingTests
{
    [Fact]
    public void Run_UnknownAlgorithm_NamesTheKnownOnes()
    {
        var exception = Assert.Throws<TrainingException>(() => RecommendationTraining.Run(Sets.Tastes, "svd++", null, true, 1, null, Sets.Token));

        Assert.Contains("'svd++' is unknown; expected one of als, ease", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_HistoriesTooShort_IsUnsuitable()
    {
        var exception = Assert.Throws<TrainingException>(() => RecommendationTraining.Run(Sets.Of(3, [0], [1], [2]), "ease", null, true, 1, null, Sets.Token));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("None of the 3 users has two interactions", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OneUserWithTwoItems_TrainsWithoutAChoice()
    {
        var trained = RecommendationTraining.Run(Sets.Of(3, [0, 2]), "ease", null, true, 1, null, Sets.Token);

        Assert.Equal((1, "100"), (trained.Metrics.Users, trained.Parameters["lambda"]));
    }

    [Fact]
    public void Run_ContentWithoutAttributes_SaysWhatItNeeds()
    {
        var exception = Assert.Throws<TrainingException>(() => RecommendationTraining.Run(Sets.Tastes, "content", null, true, 1, null, Sets.Token));

        Assert.Equal(TrainingError.InvalidInput, exception.Error);
        Assert.Contains("'content' recommends by attributes of items", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Hybrid_ChoosesSharesAndKeepsContent()
    {
        var steps = new List<TrainingProgress>();

        var trained = RecommendationTraining.Run(Sets.Tastes, "hybrid", Sets.TastesAttributes, true, 1, new Steps(steps), Sets.Token);

        Assert.True(trained.Metrics.HitRate > 0.55, $"{trained.Metrics.HitRate}");
        Assert.Contains(trained.Parameters["content_weight"], (string[])["0.05", "0.2"]);
        Assert.Contains("als_weight", trained.Parameters.Keys);
        Assert.Equal(36, steps.Count(static step => step.Stage == "search"));
    }

    [Fact]
    public async Task Run_Ease_MeasuresWhatWasHeldBackAndPackagesAllRows()
    {
        var steps = new List<TrainingProgress>();

        var trained = RecommendationTraining.Run(Sets.Tastes, "ease", null, true, 1, new Steps(steps), Sets.Token);

        Assert.Equal((120, "full"), (trained.Metrics.Users, trained.Metrics.Kind));
        Assert.Equal((120, "99 sampled"), (trained.Sampled.Users, trained.Sampled.Kind));
        Assert.True(trained.Metrics.HitRate > 0.55, $"{trained.Metrics.HitRate}");
        Assert.InRange(trained.Sampled.HitRate, trained.Metrics.HitRate, 1);
        Assert.Equal(steps[^1].Total, steps[^1].Done);
        using var folder = new TempFolder();
        var package = await RecommenderPackage.WriteAsync(
            folder.Combine("package"), new ModelName("default", "shop"), RecommenderBundle.Of(trained.Model, Sets.Tastes, null, null, Sets.Token), trained.Parameters,
            new Dictionary<string, double>(), 1, DateTimeOffset.UnixEpoch, Sets.Token);
        Assert.Contains(RecommenderBundle.FileName, package.Manifest.Files.Keys);
        Assert.Equal(Sets.Tastes.Count, package.Manifest.Lineage.Rows);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WriteAsync_EveryAlgorithm_IsAPackage(string algorithm)
    {
        using var folder = new TempFolder();
        var path = folder.Combine("package");
        var bundle = RecommenderBundle.Of(RecommenderTests.Fitted(algorithm), Sets.Tastes, null, null, Sets.Token);

        await RecommenderPackage.WriteAsync(
            path, new ModelName("default", "shop"), bundle, new Dictionary<string, string>(), new Dictionary<string, double>(), 1, DateTimeOffset.UnixEpoch, Sets.Token);

        var read = await ModelPackageReader.OpenAsync(path, Sets.Token);
        Assert.Equal(algorithm, read.Manifest.Lineage.Parameters["algorithm"]);
        Assert.NotEmpty(await GoldenSamples.ReadAsync(read, Sets.Token));
    }

    public static TheoryData<string> All => RecommenderTests.All;

    private sealed class Steps(List<TrainingProgress> steps) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => steps.Add(value);
    }
}
