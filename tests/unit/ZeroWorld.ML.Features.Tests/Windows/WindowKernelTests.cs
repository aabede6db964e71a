namespace ZeroWorld.ML.Features.Tests;

public sealed class WindowKernelTests
{
    private const string Key = "i1";

    private static readonly AggregateFunction[] Functions = [.. Enum.GetValues<AggregateFunction>().Where(static function => function <= AggregateFunction.Last)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Evaluate_RandomCases_AgreeWithTheOracle(int seed)
    {
        var random = new Random(seed);
        for (var index = 0; index < 3_000; index++)
        {
            CheckRandomCase(random, $"seed {seed}, case {index}");
        }
    }

    [Fact]
    public void Evaluate_EventsInAnyOrder_GiveEqualBits()
    {
        var random = new Random(7);
        var view = TestViews.Windowed([.. Functions.Select(static function => TestViews.Aggregate($"f{(int)function}", function, "v", 1_000))]);
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var kernel = new WindowKernel(field);
        var events = Enumerable.Range(0, 200).Select(id => (Time: random.NextInt64(1_000), Id: (long)id, Value: random.NextDouble() * 1e6)).ToArray();
        var first = new FeatureCell[view.Features.Count];
        kernel.Evaluate(Block(), long.MinValue, 1_000, [FeatureValue.Null(FeatureType.Float64)], first);

        for (var round = 0; round < 20; round++)
        {
            random.Shuffle(events);
            var again = new FeatureCell[view.Features.Count];
            kernel.Evaluate(Block(), long.MinValue, 1_000, [FeatureValue.Null(FeatureType.Float64)], again);
            Assert.Equal(first, again);
        }

        byte[] Block()
        {
            var builder = new WindowBlockBuilder(field);
            foreach (var (time, id, value) in events)
            {
                builder.Add(time, time, FeatureValue.FromInt64(id), Key, [FeatureValue.FromFloat64(value)]);
            }

            return builder.Build();
        }
    }

    [Fact]
    public void Evaluate_GreatTermsThatCancel_LeaveTheSmallOnes()
    {
        var view = TestViews.Windowed(TestViews.Aggregate("sum", AggregateFunction.Sum, "v", 100), TestViews.Aggregate("mean", AggregateFunction.Mean, "v", 100));
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);
        double[] values = [1e16, 1, 1, -1e16, 1e100, 1, -1e100];
        for (var index = 0; index < values.Length; index++)
        {
            builder.Add(index, index, FeatureValue.FromInt64(index), Key, [FeatureValue.FromFloat64(values[index])]);
        }

        var cells = new FeatureCell[2];
        new WindowKernel(field).Evaluate(builder.Build(), long.MinValue, 50, [FeatureValue.Null(FeatureType.Float64)], cells);

        Assert.Equal(3.0, cells[0].Value.AsFloat64());
        Assert.Equal(3.0 / 7, cells[1].Value.AsFloat64());
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(long.MinValue + 1, 0)]
    [InlineData(long.MinValue + 5, 1)]
    [InlineData(0, 0)]
    [InlineData(long.MaxValue, 1)]
    public void Evaluate_AtTheEndsOfTime_NeitherOverflowsNorThrows(long q, long expected)
    {
        var view = TestViews.Windowed(TestViews.Aggregate("count", AggregateFunction.Count, null, 10));
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var builder = new WindowBlockBuilder(field);
        builder.Add(long.MinValue + 1, long.MinValue + 1, FeatureValue.FromInt64(1), Key, []);
        builder.Add(long.MaxValue - 1, long.MaxValue - 1, FeatureValue.FromInt64(2), Key, []);
        var cells = new FeatureCell[1];

        new WindowKernel(field).Evaluate(builder.Build(), long.MinValue, q, [], cells);

        Assert.Equal(FeatureStatus.Present, cells[0].Status);
        Assert.Equal(expected, cells[0].Value.AsInt64());
    }

    [Fact]
    public void Evaluate_CorruptBytes_AreUnavailableAndNeverThrow()
    {
        var view = TestViews.Windowed(TestViews.Aggregate("sum", AggregateFunction.Sum, "v", 100));
        var field = StorageField.Of(view, hasIntegerEventId: false);
        var kernel = new WindowKernel(field);
        var builder = new WindowBlockBuilder(field);
        for (var time = 0; time < 5; time++)
        {
            builder.Add(time, time, FeatureValue.Null(FeatureType.String), Key, [FeatureValue.FromFloat64(time)]);
        }

        var block = builder.Build();
        var cells = new FeatureCell[1];
        FeatureValue[] request = [FeatureValue.Null(FeatureType.Float64)];
        for (var length = 1; length < block.Length; length++)
        {
            Assert.False(kernel.Evaluate(block.AsSpan(0, length), long.MinValue, 10, request, cells), $"length {length}");
            Assert.Equal(FeatureStatus.Unavailable, cells[0].Status);
        }

        var random = new Random(11);
        for (var round = 0; round < 5_000; round++)
        {
            var broken = (byte[])block.Clone();
            broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            kernel.Evaluate(broken, long.MinValue, random.NextInt64(-20, 120), request, cells);
        }
    }

    private static void CheckRandomCase(Random random, string name)
    {
        var hasIds = random.Next(3) > 0;
        var labelDelay = random.Next(3) == 0 ? random.NextInt64(1, 12) : 0;
        var includes = labelDelay == 0 && random.Next(2) == 0;
        var windows = new[] { random.NextInt64(1, 8), random.NextInt64(1, 30), random.NextInt64(1, 60) };
        var features = new List<WindowFeature>();
        foreach (var function in Functions)
        {
            var column = function == AggregateFunction.Count && random.Next(2) == 0 ? null : random.Next(2) == 0 ? "v" : "w";
            features.Add(TestViews.Aggregate($"f{features.Count}", function, column, windows[random.Next(3)]));
        }

        var view = TestViews.Windowed([.. features]) with
        {
            LabelDelay = TimeSpan.FromTicks(labelDelay * 10),
            IncludesRequest = includes,
        };
        var columns = view.StoredColumns.Select(static column => column.Name).ToList();
        var events = MakeEvents(random, columns.Count, hasIds);
        var q = random.NextInt64(-5, 60);
        var coveredFrom = random.Next(4) == 0 ? random.NextInt64(-70, 40) : long.MinValue;
        var request = columns.Select(_ => includes ? MakeValue(random) : null).ToArray();

        var field = StorageField.Of(view, hasIds);
        var builder = new WindowBlockBuilder(field);
        foreach (var item in events.OrderBy(static item => item.Arrival))
        {
            builder.Add(
                item.Event, item.Created, item.Id is { } id ? FeatureValue.FromInt64(id) : FeatureValue.Null(FeatureType.String), Key, [.. item.Values.Select(ToValue)]);
        }

        var cells = new FeatureCell[view.Features.Count];
        Assert.True(new WindowKernel(field).Evaluate(builder.Count == 0 ? default : builder.Build(), coveredFrom, q, [.. request.Select(ToValue)], cells));

        var oracle = new WindowOracle([.. events.OrderBy(static item => item.Arrival)], Key);
        for (var index = 0; index < cells.Length; index++)
        {
            var feature = view.Features[index];
            var window = feature.Window.Ticks / 10;
            var selected = oracle.Select(q, window, labelDelay);
            IReadOnlyList<double?[]> rows = [.. selected.Select(static item => item.Values), .. includes ? [request] : Array.Empty<double?[]>()];
            var (value, tolerance) = WindowOracle.Aggregate(feature.Function, feature.Column is null ? -1 : columns.IndexOf(feature.Column), rows);
            var eventTime = includes ? q : selected.Count > 0 ? selected[^1].Event : (long?)null;
            CheckCell($"{name}, {feature.Function} of {feature.Column}, window {window}, q {q}", cells[index], value, tolerance, eventTime, q - labelDelay - window < coveredFrom);
        }
    }

    private static void CheckCell(string name, FeatureCell cell, double? expected, double tolerance, long? eventTime, bool isUncovered)
    {
        if (isUncovered)
        {
            Assert.True(cell.Status == FeatureStatus.Unavailable && cell.Value.IsNull && cell.EventTime is null, $"{name}: {cell}");
            return;
        }

        Assert.True(cell.Status == (expected is null ? FeatureStatus.Null : FeatureStatus.Present), $"{name}: {cell}, expected {expected}");
        Assert.True(cell.EventTime == eventTime, $"{name}: {cell}, expected event time {eventTime}");
        if (expected is { } value)
        {
            var actual = cell.Value.ToDouble();
            Assert.True(actual.Equals(value) || Math.Abs(actual - value) <= tolerance, $"{name}: {actual:R}, expected {value:R}");
        }
    }

    private static List<OracleEvent> MakeEvents(Random random, int columns, bool hasIds)
    {
        var events = new List<OracleEvent>();
        var count = random.Next(14);
        for (var index = 0; index < count; index++)
        {
            var time = random.NextInt64(0, 40);
            var created = random.Next(3) == 0 ? time + random.NextInt64(-5, 25) : time;
            events.Add(new OracleEvent(time, created, hasIds ? random.NextInt64(-3, 8) * 257 : null, [.. Enumerable.Range(0, columns).Select(_ => MakeValue(random))]));
            if (random.Next(6) == 0)
            {
                events.Add(events[random.Next(events.Count)]);
            }
        }

        return events;
    }

    private static double? MakeValue(Random random) => random.Next(20) switch
    {
        0 or 1 or 2 => null,
        3 => double.NaN,
        4 => random.Next(2) == 0 ? double.PositiveInfinity : double.NegativeInfinity,
        5 => -0.0,
        6 => random.NextDouble() * 1e12,
        7 or 8 or 9 => (random.NextDouble() - 0.5) * 200,
        _ => random.Next(-3, 4),
    };

    private static FeatureValue ToValue(double? value) => value is { } number ? FeatureValue.FromFloat64(number) : FeatureValue.Null(FeatureType.Float64);
}
