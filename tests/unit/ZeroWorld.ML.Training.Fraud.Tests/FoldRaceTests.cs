using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

public sealed class FoldRaceTests : FraudTableTests
{
    [Fact]
    public void FindBehind_TrialsThatAreWorse_AreThoseWhereItIsSure()
    {
        var (labels, entities) = Rows(positives: 60);
        var good = Scores(labels, noise: 0.5, seed: 1);

        var behind = FoldRace.FindBehind([good, Scores(labels, noise: 0.51, seed: 1), Scores(labels, noise: 3, seed: 2), null, good], labels, entities, Cancellation);

        Assert.Equal([2], behind);
    }

    [Fact]
    public void FindBehind_FewPositives_DropsNothing()
    {
        var (labels, entities) = Rows(positives: 19);

        Assert.Empty(FoldRace.FindBehind([Scores(labels, 0.1, 1), Scores(labels, 50, 2)], labels, entities, Cancellation));
    }

    [Fact]
    public async Task RunAsync_AlgorithmThatIsFarBehind_IsDroppedAndTheChoiceIsThatOfAllFolds()
    {
        var frame = Learnable();
        var settings = Quick with { Algorithms = [FraudAlgorithms.FastTree, FraudAlgorithms.IsolationForest] };
        var done = new List<TableTrial>();

        var raced = await RunAsync(frame, settings, onTrial: done.Add);
        var alone = await RunAsync(frame, settings with { Algorithms = [FraudAlgorithms.FastTree] }, folder: "alone");

        Assert.Equal(4, done.Count);
        Assert.All(raced.Trials.Where(static trial => trial.Algorithm == FraudAlgorithms.IsolationForest), static trial => Assert.Single(trial.FoldPrecisions));
        Assert.All(raced.Trials.Where(static trial => trial.Algorithm == FraudAlgorithms.FastTree), static trial => Assert.Equal(5, trial.FoldPrecisions.Count));
        Assert.Equal(FraudAlgorithms.FastTree, raced.Algorithm);
        Assert.Equal(alone.Parameters, raced.Parameters);
    }

    [Fact]
    public async Task RunAsync_SomeTrialsKnown_DropsAsTheUndisturbedRunDid()
    {
        var frame = Learnable();
        var settings = Quick with { Algorithms = [FraudAlgorithms.FastTree, FraudAlgorithms.IsolationForest] };
        var whole = await RunAsync(frame, settings);

        var half = await RunAsync(frame, settings, folder: "half", known: whole.Trials.Take(2).ToDictionary(static trial => trial.Key, static trial => trial.FoldPrecisions));
        var all = await RunAsync(frame, settings, folder: "all", known: whole.Trials.ToDictionary(static trial => trial.Key, static trial => trial.FoldPrecisions));

        Assert.Equal(whole.Trials.Select(static trial => trial.FoldPrecisions), half.Trials.Select(static trial => trial.FoldPrecisions));
        Assert.Equal(whole.Trials.Select(static trial => trial.FoldPrecisions), all.Trials.Select(static trial => trial.FoldPrecisions));
        Assert.Equal((whole.Package.Digest, whole.Package.Digest), (half.Package.Digest, all.Package.Digest));
    }

    private static ColumnFrame Learnable()
    {
        var frame = TableFrames.Make(6_000);
        var (amount, channel, bad) = (frame.Get<double>("amount"), frame.Get<string?>("channel"), frame.Get<long>("bad"));
        for (var row = 0; row < frame.Rows; row++)
        {
            bad[row] = amount[row] > 50 && channel[row] == "web" ? 1 : 0;
        }

        return frame;
    }

    private static (bool[] Labels, long[] Entities) Rows(int positives) =>
        ([.. Enumerable.Range(0, 2_000).Select(row => row % (2_000 / positives) == 0 && row / (2_000 / positives) < positives)], [.. Enumerable.Range(0, 2_000).Select(static row => row % 700L)]);

    // A positive has a score that is higher by one, and noise upon it.
    private static float[] Scores(bool[] labels, double noise, int seed)
    {
        var random = new Random(seed);
        return Array.ConvertAll(labels, label => (float)(1 / (1 + Math.Exp(-((label ? 1 : 0) + (noise * (random.NextDouble() - 0.5)))))));
    }
}
