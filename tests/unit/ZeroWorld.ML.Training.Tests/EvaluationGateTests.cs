namespace ZeroWorld.ML.Training.Tests;

public sealed class EvaluationGateTests
{
    private static readonly EvaluationGate Gate = new() { Resamples = 400 };

    [Fact]
    public void Compare_ChallengerIsClearlyBetter_PassesWithALowerEndAboveZero()
    {
        var (labels, noisy, sharp, cards) = Scores(4_000, 0.2);

        var verdict = Gate.Compare(noisy, sharp, labels, cards, TestContext.Current.CancellationToken);

        Assert.True(verdict.IsPassed, verdict.Reason);
        Assert.True(verdict.Gain!.Value.Lower > 0);
        Assert.InRange(verdict.Gain.Value.Value, verdict.Gain.Value.Lower, verdict.Gain.Value.Upper);
    }

    [Fact]
    public void Compare_TheSameScores_DoesNotPassUnlessALossIsAccepted()
    {
        var (labels, noisy, _, cards) = Scores(1_000, 0.2);

        var strict = Gate.Compare(noisy, noisy, labels, cards, TestContext.Current.CancellationToken);
        var lenient = (Gate with { LossAccepted = 0.01 }).Compare(noisy, noisy, labels, cards, TestContext.Current.CancellationToken);

        Assert.False(strict.IsPassed);
        Assert.True(lenient.IsPassed);
        Assert.Equal((0, 0, 0), (strict.Gain!.Value.Value, strict.Gain.Value.Lower, strict.Gain.Value.Upper));
    }

    [Theory]
    [InlineData(GateMetric.AveragePrecision)]
    [InlineData(GateMetric.AucRoc)]
    [InlineData(GateMetric.Brier)]
    [InlineData(GateMetric.LogLoss)]
    public void Compare_ChampionAndChallengerChangePlaces_TurnsTheSignOfTheGain(GateMetric metric)
    {
        var (labels, noisy, sharp, cards) = Scores(2_000, 0.3);
        var gate = Gate with { Metric = metric };

        var better = gate.Compare(noisy, sharp, labels, cards, TestContext.Current.CancellationToken).Gain!.Value;
        var worse = gate.Compare(sharp, noisy, labels, cards, TestContext.Current.CancellationToken).Gain!.Value;

        Assert.True(better.Value > 0, $"{metric} {better}");
        Assert.Equal(better.Value, -worse.Value, 1e-12);
    }

    [Fact]
    public void Compare_SmallGainOnFewPositives_IsRefusedThoughItsNumberIsLarger()
    {
        // One of eight frauds moves up by a few ranks: a better number, and no evidence.
        bool[] labels = [.. Enumerable.Range(0, 200).Select(static row => row % 25 == 0)];
        float[] champion = [.. Enumerable.Range(0, 200).Select(static row => (row * 37 % 200) / 200f)];
        var challenger = (float[])champion.Clone();
        challenger[25] += 0.05f;

        var verdict = Gate.Compare(champion, challenger, labels, [], TestContext.Current.CancellationToken);

        Assert.True(verdict.Gain!.Value.Value > 0);
        Assert.False(verdict.IsPassed, verdict.Reason);
    }

    [Fact]
    public void Compare_RowsOfOneEntityAreCopies_GivesAWiderIntervalThanIndependentRows()
    {
        var (labels, noisy, sharp, _) = Scores(500, 0.3);
        var (copiedLabels, copiedNoisy, copiedSharp) = (Repeat(labels), Repeat(noisy), Repeat(sharp));
        long[] cards = [.. Repeat([.. Enumerable.Range(0, 500).Select(static row => (long)row)])];

        var grouped = Gate.Compare(copiedNoisy, copiedSharp, copiedLabels, cards, TestContext.Current.CancellationToken).Gain!.Value;
        var naive = Gate.Compare(copiedNoisy, copiedSharp, copiedLabels, [], TestContext.Current.CancellationToken).Gain!.Value;

        Assert.Equal((500, 2_000), (grouped.Units, naive.Units));
        Assert.True(grouped.Upper - grouped.Lower > 1.5 * (naive.Upper - naive.Lower), $"{grouped} {naive}");
    }

    [Fact]
    public void Compare_SameSeedTwice_GivesTheSameInterval()
    {
        var (labels, noisy, sharp, cards) = Scores(500, 0.3);

        var first = Gate.Compare(noisy, sharp, labels, cards, TestContext.Current.CancellationToken);

        Assert.Equal(first, Gate.Compare(noisy, sharp, labels, cards, TestContext.Current.CancellationToken));
        Assert.NotEqual(first, (Gate with { Seed = 2 }).Compare(noisy, sharp, labels, cards, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Compare_OneClassOnly_SaysSo()
    {
        var exception = Assert.Throws<TrainingException>(() => Gate.Compare([0.1f, 0.2f], [0.1f, 0.3f], [false, false], [], TestContext.Current.CancellationToken));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("one class only", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CompareMeans_KnownDifferences_CoversTheNormalInterval()
    {
        var random = new Random(4);
        double[] champion = [.. Enumerable.Range(0, 2_000).Select(_ => random.NextDouble())];
        double[] challenger = [.. champion.Select(value => value + 0.02 + (0.2 * (random.NextDouble() - 0.5)))];
        double[] differences = [.. champion.Zip(challenger, static (before, after) => after - before)];
        var mean = differences.Average();
        var error = 1.96 * Math.Sqrt(differences.Sum(value => (value - mean) * (value - mean)) / (differences.Length - 1) / differences.Length);

        var gain = (Gate with { Resamples = 4_000 }).CompareMeans("HR@10", champion, challenger).Gain!.Value;

        Assert.Equal(mean, gain.Value, 1e-12);
        Assert.Equal(mean - error, gain.Lower, 0.1 * error);
        Assert.Equal(mean + error, gain.Upper, 0.1 * error);
    }

    [Fact]
    public void Compare_SettingsOutOfRange_NameTheSetting()
    {
        EvaluationGate[] wrong = [new() { LossAccepted = -1 }, new() { LossAccepted = double.NaN }, new() { Confidence = 1 }, new() { Resamples = 99 }];

        Assert.All(wrong, static gate => Assert.Equal(
            TrainingError.InvalidInput, Assert.Throws<TrainingException>(() => gate.CompareMeans("x", [1], [1])).Error));
    }

    private static (bool[] Labels, float[] Noisy, float[] Sharp, long[] Cards) Scores(int rows, double positives)
    {
        var random = new Random(7);
        var (labels, noisy, sharp, cards) = (new bool[rows], new float[rows], new float[rows], new long[rows]);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = random.NextDouble() < positives;
            cards[row] = random.Next(rows / 4);
            noisy[row] = (float)Math.Clamp((labels[row] ? 0.5 : 0.4) + (0.5 * (random.NextDouble() - 0.5)), 0.01, 0.99);
            sharp[row] = (float)Math.Clamp((labels[row] ? 0.7 : 0.2) + (0.5 * (random.NextDouble() - 0.5)), 0.01, 0.99);
        }

        return (labels, noisy, sharp, cards);
    }

    private static T[] Repeat<T>(T[] values) => [.. values, .. values, .. values, .. values];
}
