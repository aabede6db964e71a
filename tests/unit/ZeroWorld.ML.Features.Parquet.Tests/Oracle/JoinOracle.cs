using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>The contract of docs/formats/feature-semantics.md, read row by row over all events: slow, and independent of the code under test.</summary>
internal static class JoinOracle
{
    public static (FeatureStatus Status, object? Value) LastValue(
        IEnumerable<OracleEvent> history, long q, long asOf, bool hasCreated, long? ttl, string stored, Func<OracleEvent, object?> value)
    {
        OracleEvent? winner = null;
        foreach (var row in history)
        {
            var created = hasCreated ? row.Created : row.Event;
            if (Math.Max(row.Event, created) <= q && created <= asOf && (winner is null || Compare(row, winner, hasCreated, stored) > 0))
            {
                winner = row;
            }
        }

        if (winner is null)
        {
            return (FeatureStatus.NotFound, null);
        }

        if (ttl is { } limit && q - winner.Event > limit)
        {
            return (FeatureStatus.OutsideMaxAge, null);
        }

        return value(winner) is { } present ? (FeatureStatus.Present, present) : (FeatureStatus.Null, null);
    }

    public static (FeatureStatus Status, object? Value) Window(
        IEnumerable<OracleEvent> history, long q, long asOf, WindowedView view, WindowFeature feature, OracleRead read)
    {
        var hasCreated = view.Source.CreatedTimeColumn is not null;
        var skew = (long)view.Source.AllowedSkew.TotalMicroseconds;
        var (window, delay) = ((long)feature.Window.TotalMicroseconds, (long)view.LabelDelay.TotalMicroseconds);
        var arrivals = history
            .Select(row => (row, created: hasCreated ? row.Created : row.Event))
            .Where(item => item.row.Event - item.created <= skew)
            .OrderBy(item => Math.Max(item.row.Event, item.created)).ThenBy(item => item.row.Event).ThenBy(item => item.created).ThenBy(item => item.row.Row);
        var seen = new HashSet<string>();
        var inside = new List<(long Event, long Created, string Order, double? V)>();
        foreach (var (row, created) in arrivals)
        {
            var id = view.Source.EventIdColumn switch
            {
                "ID" => row.Id.ToString("D4"),
                "NAME" => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(row.Name))),
                _ => $"{row.Event} {created} {(row.V is { } v ? BitConverter.DoubleToInt64Bits(v) : null)}",
            };
            var isInside = delay > 0
                ? q - delay - window < row.Event && row.Event <= q - delay
                : q - window < row.Event && row.Event < q;
            if (created <= asOf && seen.Add(id) && created <= q && isInside)
            {
                inside.Add((row.Event, created, id, row.V));
            }
        }

        var events = inside.OrderBy(item => item.Event).ThenBy(item => item.Created).ThenBy(item => item.Order, StringComparer.Ordinal)
            .Select(item => item.V).ToList();
        if (view.IncludesRequest)
        {
            events.Add(read.Amount);
        }

        return Aggregate(feature, events);
    }

    private static (FeatureStatus Status, object? Value) Aggregate(WindowFeature feature, List<double?> events)
    {
        if (feature.Column is null)
        {
            return (FeatureStatus.Present, (long)events.Count);
        }

        var values = events.Where(value => value is not null).Select(value => value!.Value).ToList();
        double? result = feature.Function switch
        {
            AggregateFunction.Count => null,
            AggregateFunction.Sum => values.Sum(),
            AggregateFunction.Mean => values.Count > 0 ? values.Sum() / values.Count : null,
            AggregateFunction.Min => values.Count == 0 ? null : values.Any(double.IsNaN) ? double.NaN : values.Min(),
            AggregateFunction.Max => values.Count == 0 ? null : values.Any(double.IsNaN) ? double.NaN : values.Max(),
            AggregateFunction.Variance => Variance(values),
            AggregateFunction.StandardDeviation => Variance(values) is { } variance ? Math.Sqrt(variance) : null,
            AggregateFunction.First => values.Count > 0 ? values[0] : null,
            _ => values.Count > 0 ? values[^1] : null,
        };
        return feature.Function == AggregateFunction.Count
            ? (FeatureStatus.Present, (object)(long)values.Count)
            : (result is null ? FeatureStatus.Null : FeatureStatus.Present, result);
    }

    private static double? Variance(List<double> values)
    {
        if (values.Count < 2)
        {
            return null;
        }

        var mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
    }

    private static int Compare(OracleEvent left, OracleEvent right, bool hasCreated, string stored)
    {
        var byEvent = left.Event.CompareTo(right.Event);
        var byCreated = hasCreated ? left.Created.CompareTo(right.Created) : 0;
        return byEvent != 0 ? byEvent : byCreated != 0 ? byCreated : string.CompareOrdinal(HashOf(left, stored), HashOf(right, stored));
    }

    /// <summary>docs/formats/online-row.md: SHA-1 over the null bitmap, where a column is null, and the values of the stored columns: V (float64), S (string), N (int64).</summary>
    private static string HashOf(OracleEvent row, string stored)
    {
        using var body = new MemoryStream();
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            var nulls = 0;
            for (var column = 0; column < stored.Length; column++)
            {
                var isNull = stored[column] switch { 'V' => row.V is null, 'S' => row.S is null, _ => row.N is null };
                nulls |= isNull ? 1 << column : 0;
            }

            if (nulls != 0)
            {
                writer.Write((byte)nulls);
            }

            if (stored.Contains('V', StringComparison.Ordinal) && row.V is { } number)
            {
                writer.Write(number);
            }

            if (stored.Contains('S', StringComparison.Ordinal) && row.S is { } text)
            {
                writer.Write(Encoding.UTF8.GetByteCount(text));
                writer.Write(Encoding.UTF8.GetBytes(text));
            }

            if (stored.Contains('N', StringComparison.Ordinal) && row.N is { } whole)
            {
                writer.Write(whole);
            }
        }

#pragma warning disable CA5350 // The format says SHA-1.
        return Convert.ToHexStringLower(SHA1.HashData(body.ToArray()));
#pragma warning restore CA5350
    }
}
