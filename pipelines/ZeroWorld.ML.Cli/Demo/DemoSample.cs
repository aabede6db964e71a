using ZeroWorld.ML.Features;
using ZeroWorld.ML.Pipelines.Fraud;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>Random transactions of the test week with the row that the training set holds for each.</summary>
internal sealed class DemoSample
{
    private readonly ColumnFrame _frame;
    private readonly int[] _rows;

    private DemoSample(ColumnFrame frame, int[] rows)
    {
        _frame = frame;
        _rows = rows;
    }

    public int Count => _rows.Length;

    /// <param name="frame">Rows of the test week: ids, label, time and the columns of the service.</param>
    /// <param name="count">How many, at most all.</param>
    /// <param name="seed">Decides which.</param>
    public static DemoSample Draw(ColumnFrame frame, int count, int seed)
    {
        var rows = Enumerable.Range(0, frame.Rows).ToArray();
        new Random(seed).Shuffle(rows);
        return new DemoSample(frame, [.. rows.Take(count).Order()]);
    }

    public long TransactionId(int index) => _frame.Get<long>(FraudTables.TransactionId)[_rows[index]];

    public bool IsFraud(int index) => _frame.Get<long>(FraudTables.Label)[_rows[index]] != 0;

    public long Time(int index) => _frame.Get<long>(FeatureService.TimeValue)[_rows[index]];

    public long CustomerId(int index) => _frame.Get<long>(FraudTables.CustomerId)[_rows[index]];

    public long TerminalId(int index) => _frame.Get<long>(FraudTables.TerminalId)[_rows[index]];

    public double Amount(int index) => _frame.Get<double>(FraudTables.AmountValue)[_rows[index]];

    public PredictRequest ToRequest(int index, string project) => new()
    {
        Project = project,
        Model = FraudTables.Model,
        Entities =
        {
            new Column { Name = "customer_id", Int64S = new Int64Values { Values = { CustomerId(index) } } },
            new Column { Name = "terminal_id", Int64S = new Int64Values { Values = { TerminalId(index) } } },
        },
        Request =
        {
            new Column { Name = FraudTables.AmountValue, Float64S = new Float64Values { Values = { Amount(index) } } },
            new Column { Name = FeatureService.TimeValue, Timestamps = new TimestampValues { Microseconds = { Time(index) } } },
        },
    };

    /// <summary>Compares what the online path assembled with what the training set holds: counts and flags exactly, the rest within 1e-9 relative.</summary>
    /// <returns>One sentence per difference.</returns>
    public IEnumerable<string> Compare(int index, IReadOnlyList<FeatureColumn> features)
    {
        foreach (var feature in features)
        {
            var name = feature.Column.Name;
            var (online, offline, tolerance) = feature.Column.ValuesCase switch
            {
                Column.ValuesOneofCase.Int64S => (feature.Column.Int64S.Values[0], _frame.Get<long>(name)[_rows[index]], 0.0),
                Column.ValuesOneofCase.Bools => (feature.Column.Bools.Values[0] ? 1 : 0, _frame.Get<double>(name)[_rows[index]], 0.0),
                _ => (feature.Column.Float64S.Values[0], _frame.Get<double>(name)[_rows[index]], 1e-9),
            };
            if (!(Math.Abs(online - offline) <= tolerance * Math.Abs(offline)))
            {
                yield return $"transaction {TransactionId(index)}: {name} is {online:R} online and {offline:R} in the training set.";
            }
        }
    }
}
