namespace ZeroWorld.ML.Features.Tests;

/// <summary>A view with every aggregate over columns of every type, and events that come late, twice, at equal times and from the future.</summary>
internal static class AggregateCases
{
    public const string Key = "i1";
    private const long Second = 1_000_000;

    private static readonly TimeSpan[] Windows =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(7), TimeSpan.FromHours(1), TimeSpan.FromHours(12) - TimeSpan.FromMinutes(1),
        TimeSpan.FromHours(12), TimeSpan.FromDays(3), TimeSpan.FromDays(12), TimeSpan.FromDays(90),
    ];

    private static readonly (string Column, FeatureType Type)[] Columns = [("v", FeatureType.Float64), ("n", FeatureType.Int64), ("s", FeatureType.String)];

    public static WindowedView MakeView(Random random, WindowPrecision precision)
    {
        var features = new List<WindowFeature>();
        foreach (var function in Enum.GetValues<AggregateFunction>())
        {
            foreach (var (column, type) in Columns)
            {
                var feature = TestViews.Aggregate($"f{features.Count}", function, column, 1) with
                {
                    Window = Windows[random.Next(Windows.Length)],
                    ColumnType = type,
                    Length = function is AggregateFunction.FirstK or AggregateFunction.LastK or AggregateFunction.TopK ? random.Next(1, 5) : 0,
                    Rank = function == AggregateFunction.Percentile ? random.Next(5) / 4.0 : 0,
                    Hop = precision == WindowPrecision.Hop && random.Next(4) == 0 ? TimeSpan.FromSeconds(random.Next(2) == 0 ? 5 : 60) : TimeSpan.Zero,
                    Field = new FeatureField($"f{features.Count}", WindowFeature.ResultTypeOf(function, type), FeatureValue.Null(WindowFeature.ResultTypeOf(function, type)), false),
                };
                if (!feature.NeedsNumbers || type != FeatureType.String)
                {
                    features.Add(feature);
                }
            }
        }

        features.Add(TestViews.Aggregate("rows", AggregateFunction.Count, null, 1) with { Window = Windows[random.Next(Windows.Length)] });
        var delay = random.Next(3) == 0 ? TimeSpan.FromMinutes(random.Next(1, 3000)) : TimeSpan.Zero;
        return TestViews.Windowed([.. features]) with
        {
            Precision = precision,
            LabelDelay = delay,
            IncludesRequest = delay == TimeSpan.Zero && random.Next(2) == 0,
            History = TimeSpan.FromDays(3),
        };
    }

    /// <summary>Events around the grid points, since that is where a tile begins; late by less than the history.</summary>
    public static List<TypedEvent> MakeEvents(Random random, int count)
    {
        var events = new List<TypedEvent>();
        for (var index = 0; index < count; index++)
        {
            var days = random.Next(3) == 0 ? random.Next(100) : 90 + random.Next(10);
            var time = (days * 86_400L * Second) + (random.Next(24) * 3_600L * Second) + (random.Next(12) * 300L * Second) + (random.Next(5) * 5 * Second) + random.Next(-1, 2);
            var created = random.Next(4) == 0 ? time + (random.Next(-60, 2 * 86_400) * Second) : time;

            // A faulty source gives an id to two events now and then. Tiles know the ids of the view's history only.
            var twin = random.Next(8) == 0 ? events.Find(item => Math.Abs(item.Event - time) < 20 * 3_600 * Second) : null;
            events.Add(new TypedEvent(time, created, twin?.Id ?? 1 + (index * 259L), [Number(random), Integer(random), Text(random)]));
            if (random.Next(6) == 0)
            {
                events.Add(events[random.Next(events.Count)]);
            }
        }

        return events;
    }

    public static long MakeMoment(Random random, IReadOnlyList<TypedEvent> events) => random.Next(4) switch
    {
        0 => events[random.Next(events.Count)].Arrival + random.Next(-1, 2),
        1 => (random.Next(88, 101) * 86_400L * Second) + random.Next(-1, 2),
        2 => events[random.Next(events.Count)].Event + (random.Next(-100, 100_000) * Second),
        _ => (random.Next(101 * 288) * 300L * Second) + random.Next(-1, 2),
    };

    public static FeatureValue[] MakeRequest(Random random) => [Number(random), Integer(random), Text(random)];

    public static byte[] MakeBlock(StorageField field, IEnumerable<TypedEvent> events)
    {
        var builder = new WindowBlockBuilder(field);
        foreach (var item in events)
        {
            builder.Add(item.Event, item.Created, FeatureValue.FromInt64(item.Id), Key, item.Values);
        }

        return builder.Build();
    }

    /// <summary>What the training set reads: the whole history.</summary>
    public static byte[] MakeHistory(StorageField field, IEnumerable<TypedEvent> events)
    {
        var block = MakeBlock(field, events.OrderBy(static item => item.Arrival));
        return field.IsHop ? HopBlockMerge.OfHistory(field, block, long.MaxValue, long.MinValue) : block;
    }

    private static FeatureValue Number(Random random) => random.Next(30) switch
    {
        0 or 1 or 2 => FeatureValue.Null(FeatureType.Float64),
        3 => FeatureValue.FromFloat64(-0.0),
        4 when random.Next(5) == 0 => FeatureValue.FromFloat64(double.NaN),
        5 when random.Next(5) == 0 => FeatureValue.FromFloat64(random.Next(2) == 0 ? double.PositiveInfinity : double.NegativeInfinity),
        6 => FeatureValue.FromFloat64(Math.Round(random.NextDouble() * 1e9, 3)),
        < 15 => FeatureValue.FromFloat64(Math.Round((random.NextDouble() - 0.5) * 200, 2)),
        _ => FeatureValue.FromFloat64(random.Next(-3, 4)),
    };

    private static FeatureValue Integer(Random random) => random.Next(10) switch
    {
        0 => FeatureValue.Null(FeatureType.Int64),
        1 => FeatureValue.FromInt64((1L << 53) + random.Next(3)),
        _ => FeatureValue.FromInt64(random.Next(-4, 5)),
    };

    private static FeatureValue Text(Random random) => random.Next(10) switch
    {
        0 => FeatureValue.Null(FeatureType.String),
        1 => FeatureValue.FromString(string.Empty),
        2 => FeatureValue.FromString("\u00e9t\u00e9 " + new string('x', 30)),
        _ => FeatureValue.FromString($"shop {random.Next(6)}"),
    };
}
