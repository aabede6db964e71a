using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>A table of so many values that a trial has to earn its folds, from its columns to the package.</summary>
public sealed class LargeTableTests : FraudTableTests
{
    private const int Rows = 10_500;
    private const int Marks = 240;

    [Fact]
    public async Task RunAsync_TwoMillionValues_HasThreeFoldsAndDropsManyBinsThatBringNothing()
    {
        var (frame, types) = Make();

        var result = await RunAsync(frame, new FraudTableSettings { Seeds = [1] }, types: types);

        // Amounts have 200 values: more than 1,024 bins give the same trees, and what differs from those only by averaging is not tried at all.
        var manyBins = result.Trials.Where(static trial => trial.Parameters.TryGetValue("bins_max", out var bins) && bins != "1024").ToList();
        Assert.Equal([1, 0], manyBins.Select(static trial => trial.FoldPrecisions.Count));
        Assert.Contains(result.Trials, static trial => trial.FoldPrecisions.Count == 3);
        Assert.All(result.Trials, static trial => Assert.InRange(trial.FoldPrecisions.Count, 0, 3));
        Assert.Equal(FraudAlgorithms.LightGbm, result.Algorithm);

        // Positives are one in eight (so that there are enough of them for many bins), and nine in ten where both of what they depend on hold; a line sees each of both alone.
        var line = result.Trials.Where(static trial => trial.Algorithm == FraudAlgorithms.Logistic).Max(static trial => trial.FoldPrecisions[0]);
        Assert.InRange(result.Packaged.AveragePrecision, 0.5, 0.9);
        Assert.True(line < result.Trials.Where(static trial => trial.FoldPrecisions.Count == 3).Max(static trial => trial.FoldPrecisions[0]), $"Logistic regression had {line}.");
        Assert.Equal(2_100, result.Parity.Rows);
        Assert.InRange(result.Parity.MaxDifference, 0, 1e-4);
        Assert.Equal(["amount", "mark 0"], result.Importance.Take(2).Select(static reason => reason.Column).Order());
    }

    /// <summary>Amounts, and marks that each are set in some rows: what makes the table large costs its trees little.</summary>
    private static (ColumnFrame Frame, Dictionary<string, FeatureType> Types) Make()
    {
        var random = new Random(5);
        var (frame, types) = (new ColumnFrame(Rows), new Dictionary<string, FeatureType>());
        var start = UnixMicroseconds.FromDateTimeOffset(new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Add("at", FeatureType.Timestamp, Column(row => start + (row * UtcDay.Length / 200)));
        Add("customer", FeatureType.Int64, Column(_ => random.Next(900)));
        long[] amount = Column(_ => random.Next(200));
        Add("amount", FeatureType.Int64, amount);
        long[][] marks = [.. Enumerable.Range(0, Marks).Select(mark => Column(_ => random.Next(mark == 0 ? 3 : 50) == 0 ? 1 : 0))];
        for (var mark = 0; mark < Marks; mark++)
        {
            Add($"mark {mark}", FeatureType.Int64, marks[mark]);
        }

        Add("bad", FeatureType.Int64, Column(row => random.NextDouble() < (amount[row] > 150 && marks[0][row] == 1 ? 0.9 : 0.055) ? 1 : 0));
        return (frame, types);

        void Add(string name, FeatureType type, long[] values)
        {
            frame.Add(name, values);
            types.Add(name, type);
        }

        static long[] Column(Func<int, long> of) => [.. Enumerable.Range(0, Rows).Select(of)];
    }
}
