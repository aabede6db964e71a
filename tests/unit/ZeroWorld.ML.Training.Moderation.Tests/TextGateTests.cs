using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class TextGateTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-gate-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RunAsync_ChampionThatLearnedNoise_IsBeatenOnTheSameTexts()
    {
        var champion = await TrainAsync("champion", ["fine", "foul"], isNoise: true, null);

        var challenger = await TrainAsync("challenger", ["fine", "foul"], isNoise: false, champion.Package);

        Assert.Null(champion.Gate.Gain);
        Assert.True(challenger.Gate.IsPassed, challenger.Gate.Reason);
        Assert.True(challenger.Gate.Gain!.Value.Lower > 0);
        Assert.StartsWith("Log likelihood of the challenger is better by +", challenger.Gate.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ChampionThatKnowsBetter_IsKept()
    {
        var champion = await TrainAsync("champion", ["fine", "foul"], isNoise: false, null);

        var challenger = await TrainAsync("challenger", ["fine", "foul"], isNoise: false, champion.Package);

        // The same texts and the same seed: the champion has learned what the challenger is asked about.
        Assert.False(challenger.Gate.IsPassed, challenger.Gate.Reason);
    }

    [Fact]
    public async Task RunAsync_ChampionOfOtherLabels_IsRefusedWithBoth()
    {
        var champion = await TrainAsync("champion", ["fine", "foul"], isNoise: false, null);

        var exception = await Assert.ThrowsAsync<TrainingException>(() => TrainAsync("challenger", ["good", "bad"], isNoise: false, champion.Package));

        Assert.Contains("it knows the labels fine, foul, the texts have bad, good", exception.Message, StringComparison.Ordinal);
    }

    private Task<ModerationTrainingResult> TrainAsync(string folder, string[] names, bool isNoise, ModelPackage? champion)
    {
        var random = new Random(5);
        var (texts, labels) = (new List<string>(), new List<string>());
        for (var row = 0; row < 200; row++)
        {
            var isFoul = random.Next(2) == 0;
            texts.Add($"{(isFoul ? "vile scum" : "sunny walk")} number {row} {random.Next(40)}");
            labels.Add(names[isNoise ? random.Next(2) : isFoul ? 1 : 0]);
        }

        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"),
            Data = new LabelledTexts(texts, LabelMatrix.OfClasses(labels)),
            OutputDirectory = Path.Combine(_folder.FullName, folder),
            Features = new TextFeaturizerSettings { Bits = 14 },
            Champion = champion,
        };
        return ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);
    }
}
