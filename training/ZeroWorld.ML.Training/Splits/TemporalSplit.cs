using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training;

/// <summary>Training rows, then a gap in which labels become known, then test rows: the only kind of split there is here.</summary>
/// <remarks>A random split shows a fraud model its own future: on the data of the Fraud Detection Handbook it flatters average precision by 0.07.</remarks>
public sealed record TemporalSplit
{
    /// <value>What reports call it.</value>
    public required string Name { get; init; }

    /// <value>First moment of training.</value>
    public required EventTime TrainFrom { get; init; }

    /// <value>End of training, exclusive.</value>
    public required EventTime TrainTo { get; init; }

    /// <value>First moment of the test: <see cref="TrainTo"/> plus <see cref="LabelDelay"/>, or later. The start of a UTC day.</value>
    public required EventTime TestFrom { get; init; }

    /// <value>End of the test, exclusive.</value>
    public required EventTime TestTo { get; init; }

    /// <value>How long after a transaction its label is known.</value>
    public required TimeSpan LabelDelay { get; init; }

    /// <value>
    /// A card with a fraud at or after this moment that is known on a test day (its day begins more than <see cref="LabelDelay"/> after the fraud's) is
    /// compromised: it is blocked already, and its rows of that day are no test of the model.
    /// </value>
    public required EventTime KnownFrom { get; init; }

    /// <summary>Splits the training period again, so that hyper-parameters and thresholds are chosen without a look at the test rows.</summary>
    /// <param name="length">How much of the end of the training period validates.</param>
    /// <param name="gap">Gap between fit and validation rows; zero where the training period is too short for <see cref="LabelDelay"/>.</param>
    public TemporalSplit ToValidation(TimeSpan length, TimeSpan gap)
    {
        var from = TrainTo.Microseconds - UnixMicroseconds.FromTimeSpan(length);
        var knownFrom = from - (TestFrom.Microseconds - KnownFrom.Microseconds);
        return this with
        {
            Name = $"{Name}, validation",
            TrainTo = new EventTime(from - UnixMicroseconds.FromTimeSpan(gap)),
            TestFrom = new EventTime(from),
            TestTo = TrainTo,
            LabelDelay = gap,
            KnownFrom = new EventTime(Math.Max(knownFrom, TrainFrom.Microseconds)),
        };
    }

    /// <summary>Picks the rows of the split.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the moments are not in order, or the test begins before training labels are known.</exception>
    public SplitRows Select(TrainingTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        Check();
        var (trainFirst, trainEnd) = (table.FindFirst(TrainFrom.Microseconds), table.FindFirst(TrainTo.Microseconds));
        var train = new int[trainEnd - trainFirst];
        for (var index = 0; index < train.Length; index++)
        {
            train[index] = trainFirst + index;
        }

        return new SplitRows(train, SelectTest(table));
    }

    private int[] SelectTest(TrainingTable table)
    {
        var firstFraud = new Dictionary<long, long>();
        var knownEnd = table.FindFirst(TestTo.Microseconds);
        for (var row = table.FindFirst(KnownFrom.Microseconds); row < knownEnd; row++)
        {
            if (table.Label(row))
            {
                firstFraud.TryAdd(table.Card(row), table.Time(row));
            }
        }

        var test = new List<int>();
        var delay = UnixMicroseconds.FromTimeSpan(LabelDelay);
        for (var row = table.FindFirst(TestFrom.Microseconds); row < knownEnd; row++)
        {
            var knownUntil = UtcDay.StartOf(table.Time(row)) - delay;
            if (!firstFraud.TryGetValue(table.Card(row), out var fraud) || fraud >= knownUntil)
            {
                test.Add(row);
            }
        }

        return [.. test];
    }

    private void Check()
    {
        var earliest = TrainTo.Microseconds + UnixMicroseconds.FromTimeSpan(LabelDelay);
        if (TrainFrom >= TrainTo || TestFrom >= TestTo || LabelDelay < TimeSpan.Zero || TestFrom.Microseconds < earliest || KnownFrom > TestFrom)
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"Split '{Name}' trains from {TrainFrom} to {TrainTo} and tests from {TestFrom} to {TestTo}, with a label delay of {LabelDelay.TotalDays} days and known frauds from {KnownFrom}; "
                + "expected training, then at least the delay, then the test, and known frauds from before the test.");
        }
    }
}
