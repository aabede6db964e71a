namespace ZeroWorld.ML.Training.Tests;

public sealed class HyperParameterSearchTests
{
    private static readonly TrainingTable Table = Tables.Of((1, 1, false), (2, 2, true), (3, 3, false), (4, 4, true), (5, 5, true));
    private static readonly SplitRows Rows = new(new[] { 0, 1 }, new[] { 2, 3, 4 });

    [Fact]
    public void Run_Grid_TakesTheBestOfTheValidationRowsAndTheEarlierOfEquals()
    {
        var trials = new List<Trial>();

        var result = HyperParameterSearch.Run([new SlopeTrainer(-1), new SlopeTrainer(1), new SlopeTrainer(2)], Table, Rows, 1, new Listed(trials), TestContext.Current.CancellationToken);

        Assert.Equal(1, result.Best.Index);
        Assert.Equal(1, result.Best.ValidationAveragePrecision);
        Assert.Equal("1", result.Trainer.Parameters["slope"]);
        Assert.Equal([3f, 4, 5], result.ValidationScores);
        Assert.Equal(trials, result.Trials);
        Assert.Equal(3, trials.Count);
    }

    [Fact]
    public void Run_OneClassInValidation_IsRefused()
    {
        var exception = Assert.Throws<TrainingException>(() =>
            HyperParameterSearch.Run([new SlopeTrainer(1)], Table, Rows with { Test = new[] { 3, 4 } }, 1, null, TestContext.Current.CancellationToken));

        Assert.Equal(TrainingError.UnsuitableData, exception.Error);
        Assert.Contains("2 validation rows hold 2 positive ones", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EmptyGrid_IsRefused()
    {
        Assert.Throws<TrainingException>(() =>
            HyperParameterSearch.Run<SlopeModel>([], Table, Rows, 1, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void MeasuredValue_SeveralSeeds_HasSampleDeviation()
    {
        Assert.Equal(new MeasuredValue(2, 1), MeasuredValue.Of([1, 2, 3]));
        Assert.Equal(new MeasuredValue(2, 0), MeasuredValue.Of([2]));
        Assert.Throws<ArgumentException>(() => MeasuredValue.Of([]));
    }

    private sealed class SlopeTrainer(int slope) : ITrainer<SlopeModel>
    {
        public string Algorithm => "slope";

        public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string> { ["slope"] = $"{slope}" };

        public SlopeModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => new(slope);
    }

    private sealed class SlopeModel(int slope) : ITrainedModel
    {
        public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
            [.. rows.ToArray().Select(row => slope * table.Features(row)[0])];
    }

    private sealed class Listed(List<Trial> trials) : IProgress<Trial>
    {
        public void Report(Trial value) => trials.Add(value);
    }
}
