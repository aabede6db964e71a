using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation.Tests;

/// <summary>Where there is nothing to learn, whatever is measured above chance was seen in training.</summary>
public sealed class LeakageTests : IDisposable
{
    private const int Texts = 300;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-leakage-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RunAsync_LabelsByChance_IsMeasuredNoBetterThanChance()
    {
        var random = new Random(23);
        string[] texts = [.. Enumerable.Range(0, Texts).Select(_ => string.Join(' ', Enumerable.Range(0, 6).Select(_ => $"w{random.Next(2_000)}")))];
        var labels = LabelMatrix.OfClasses([.. texts.Select(_ => random.Next(2) == 0 ? "fine" : "foul")]);
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"),
            Data = new LabelledTexts(texts, labels),
            OutputDirectory = Path.Combine(_folder.FullName, "package"),
            Features = new TextFeaturizerSettings { Bits = 14 },
        };

        var result = await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);

        // Every text has words of its own: a row that had been learned would be known again. By chance 0.5, with a standard deviation of 0.03.
        Assert.InRange(result.Metrics["accuracy"], 0.35, 0.65);
    }
}
