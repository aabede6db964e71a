using System.Text;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>An event with typed values.</summary>
internal sealed record TypedEvent(long Event, long Created, long Id, FeatureValue[] Values)
{
    public long Arrival => Math.Max(Event, Created);
}

/// <summary>
/// Every aggregate of docs/formats/feature-semantics.md, said as plainly as can be: all events, all windows, no state, no tiles. Written from the page, it
/// shares no code with the kernel.
/// </summary>
internal static class AggregateOracle
{
    /// <summary>The events of a window, oldest first; of one id the first to arrive.</summary>
    public static List<TypedEvent> Select(IReadOnlyList<TypedEvent> events, WindowedView view, WindowFeature feature, long q)
    {
        var delay = view.LabelDelay.Ticks / 10;
        var head = q - delay;
        var tail = head - (feature.Window.Ticks / 10);
        if (view.Precision == WindowPrecision.Hop)
        {
            var hop = (feature.Hop > TimeSpan.Zero ? feature.Hop
                : feature.Window >= TimeSpan.FromDays(12) ? TimeSpan.FromDays(1)
                : feature.Window >= TimeSpan.FromHours(12) ? TimeSpan.FromHours(1)
                : TimeSpan.FromMinutes(5)).Ticks / 10;

            // floor((q - d - W) / h) * h <= event time.
            tail = ((long)Math.Floor((decimal)tail / hop) * hop) - 1;
        }

        var seen = new HashSet<long>();
        return [.. events.OrderBy(static item => item.Arrival)
            .Where(item => seen.Add(item.Id))
            .Where(item => item.Arrival <= q && item.Event > tail && (delay == 0 ? item.Event < head : item.Event <= head))
            .OrderBy(static item => item.Event).ThenBy(static item => item.Created)
            .ThenBy(static item => Convert.ToHexString(BitConverter.GetBytes(item.Id)), StringComparer.Ordinal)];
    }

    /// <returns>The expected cell, and how far a number may be off.</returns>
    public static (FeatureStatus Status, FeatureValue Value, double Tolerance) Aggregate(WindowFeature feature, FeatureType columnType, IReadOnlyList<FeatureValue> inputs, bool isHop)
    {
        var values = inputs.Where(static value => !value.IsNull).ToList();
        var type = feature.Field.Type;
        switch (feature.Function)
        {
            case AggregateFunction.Count:
                return Present(FeatureValue.FromInt64(values.Count));
            case AggregateFunction.First:
                return values.Count == 0 ? Null(type) : Present(values[0]);
            case AggregateFunction.Last:
                return values.Count == 0 ? Null(type) : Present(values[^1]);
            case AggregateFunction.FirstK:
                return Present(ToList(values.Take(feature.Length), columnType));
            case AggregateFunction.LastK:
                return Present(ToList(Enumerable.Reverse(values).Take(feature.Length), columnType));
            case AggregateFunction.CountDistinct:
                return Present(FeatureValue.FromInt64(values.Select(Name).Distinct().Count()));
            case AggregateFunction.ApproximateCountDistinct:
                // Below a few hundred values the sketch is off by one or two at most.
                return Present(FeatureValue.FromInt64(values.Select(Name).Distinct().Count()), 2);
            case AggregateFunction.TopK:
                return Present(ToList(values.GroupBy(Name).OrderByDescending(static group => group.Count())
                    .ThenBy(static group => group.First(), Comparer<FeatureValue>.Create(Compare)).Select(static group => Canonical(group.First())).Take(feature.Length), columnType));
        }

        var numbers = values.ConvertAll(static value => value.ToDouble());
        if (feature.Function == AggregateFunction.Percentile)
        {
            return numbers.Count == 0 ? Null(type) : Percentile(numbers, feature.Rank, isHop);
        }

        // Exact rational arithmetic.
        var (number, near) = WindowOracle.Aggregate(feature.Function, 0, [.. numbers.Select(static number => new double?[] { number })]);
        return number is null ? Null(type) : (FeatureStatus.Present, FeatureValue.FromFloat64(number.Value), near);
    }

    private static (FeatureStatus, FeatureValue, double) Percentile(List<double> numbers, double rank, bool isHop)
    {
        if (numbers.Exists(double.IsNaN))
        {
            return Present(FeatureValue.FromFloat64(double.NaN));
        }

        numbers.Sort();
        var position = rank * (numbers.Count - 1);
        var low = (int)position;
        var (left, right) = (numbers[low], numbers[Math.Min(low + 1, numbers.Count - 1)]);
        var share = position - low;
        var value = share == 0 || left.Equals(right) ? left : (left * (1 - share)) + (right * share);
        var bound = isHop && double.IsFinite(value) ? ((Math.Abs(left) * (1 - share)) + (Math.Abs(right) * share)) / 128 : 0;
        return Present(FeatureValue.FromFloat64(value), bound + (1e-12 * Math.Abs(value)));
    }

    private static FeatureValue Canonical(FeatureValue value) =>
        value.Type != FeatureType.Float64 ? value : value.AsFloat64() == 0 ? FeatureValue.FromFloat64(0) : double.IsNaN(value.AsFloat64()) ? FeatureValue.FromFloat64(double.NaN) : value;

    private static string Name(FeatureValue value) => Canonical(value).ToString();

    private static int Compare(FeatureValue left, FeatureValue right) => left.Type switch
    {
        FeatureType.String => Encoding.UTF8.GetBytes(left.AsString()).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right.AsString())),
        FeatureType.Int64 => left.AsInt64().CompareTo(right.AsInt64()),
        _ => left.AsFloat64().CompareTo(right.AsFloat64()),
    };

    private static FeatureValue ToList(IEnumerable<FeatureValue> values, FeatureType type) => type switch
    {
        FeatureType.String => FeatureValue.FromStringList([.. values.Select(static value => value.AsString())]),
        FeatureType.Int64 => FeatureValue.FromInt64List([.. values.Select(static value => value.AsInt64())]),
        _ => FeatureValue.FromFloat64List([.. values.Select(static value => value.AsFloat64())]),
    };

    private static (FeatureStatus, FeatureValue, double) Present(FeatureValue value, double tolerance = 0) => (FeatureStatus.Present, value, tolerance);

    private static (FeatureStatus, FeatureValue, double) Null(FeatureType type) => (FeatureStatus.Null, FeatureValue.Null(type), 0);
}
