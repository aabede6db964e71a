using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A request brought to the types that its feature service declares.</summary>
/// <param name="Rows">Number of rows, 1 or more.</param>
/// <param name="Keys">One per key of the plan.</param>
/// <param name="Values">One per request value of the service, defaults in place.</param>
/// <param name="Time">q per row, microseconds since the epoch; length 1 or <paramref name="Rows"/>.</param>
internal sealed record BoundRequest(int Rows, BoundColumn[] Keys, BoundColumn[] Values, long[] Time)
{
    public long GetTime(int row) => Time.Length == 1 ? Time[0] : Time[row];

    /// <summary>q of every row; never written to.</summary>
    public long[] GetTimes()
    {
        if (Time.Length == Rows)
        {
            return Time;
        }

        var times = new long[Rows];
        Array.Fill(times, Time[0]);
        return times;
    }
}

/// <param name="Values">Values of the declared type; length 1 stands for every row.</param>
/// <param name="Defaulted">Which of them are the declared default, since the caller gave none; empty: none.</param>
internal readonly record struct BoundColumn(ReadOnlyMemory<FeatureValue> Values, ReadOnlyMemory<bool> Defaulted = default)
{
    private static readonly bool[] One = [true];

    public bool IsBroadcast => Values.Length == 1;

    public FeatureValue this[int row] => Values.Span[Values.Length == 1 ? 0 : row];

    /// <summary>What stands in every row for a request value that nobody gave.</summary>
    public static BoundColumn OfDefault(FeatureValue value) => new(new[] { value }, One);

    public bool IsDefaulted(int row) => !Defaulted.IsEmpty && Defaulted.Span[Defaulted.Length == 1 ? 0 : row];
}
