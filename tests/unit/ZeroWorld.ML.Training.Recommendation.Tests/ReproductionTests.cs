using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class ReproductionTests
{
    [Fact]
    public async Task RunAsync_MovieLens100k_EaseReachesTheBar()
    {
        var request = new ReproductionRequest { DataPath = SharedData.FindOrSkip("movielens-100k"), Seeds = [1], Algorithms = ["popularity", "ease"] };

        var report = await new MovieLens100kReproduction().RunAsync(request, null, Sets.Token);

        Assert.Equal(["popularity", "ease"], report.Figures.Select(static figure => figure.Algorithm).Distinct());
        var barred = report.Figures.Where(static figure => figure.IsMet is not null).ToArray();
        Assert.Contains(barred, static figure => figure.Metric == "NDCG@10 (full)");
        Assert.All(barred, static figure => Assert.True(figure.IsMet, $"{figure.Metric} {figure.Value}"));
    }

    [Fact]
    public async Task RunAsync_SequentialBeauty_NeighboursReachTheBar()
    {
        var request = new ReproductionRequest { DataPath = SharedData.FindOrSkip("seq-beauty"), Seeds = [1, 2], Algorithms = ["item-neighbours"] };

        var report = await new SequentialBeautyReproduction().RunAsync(request, null, Sets.Token);

        // Nothing is random: one run stands for both seeds.
        Assert.All(report.Figures, static figure => Assert.Single(figure.Seeds));
        Assert.All(report.Figures.Where(static figure => figure.Bar is not null), static figure => Assert.True(figure.IsMet, $"{figure.Metric} {figure.Value}"));
    }

    [Fact]
    public async Task RunAsync_Popularity_IsThePublishedFigureOfTheProtocol()
    {
        var request = new ReproductionRequest { DataPath = SharedData.FindOrSkip("ncf-ml1m"), Algorithms = ["popularity"] };

        var report = await new NcfMovieLensReproduction().RunAsync(request, null, Sets.Token);

        Assert.Equal(0.4538, report.Figures.Single(static figure => figure.Metric == "HR@10 (99 sampled)").Value.Mean, 0.0005);
        Assert.Equal(0.2543, report.Figures.Single(static figure => figure.Metric == "NDCG@10 (99 sampled)").Value.Mean, 0.0005);
        Assert.Contains(report.Protocol, static line => line.StartsWith("156 listed negatives", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_FolderWithoutTheFiles_NamesTheFile()
    {
        using var folder = new TempFolder();

        var exception = await Assert.ThrowsAsync<TrainingException>(
            () => new SequentialBeautyReproduction().RunAsync(new ReproductionRequest { DataPath = folder.Path }, null, Sets.Token));

        Assert.Contains("the file 'Beauty.txt' is not in", exception.Message, StringComparison.Ordinal);
    }
}
