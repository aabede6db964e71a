namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A view with every aggregate, events that come late, twice, at equal times and from the future, and a thousand moments at which it is read.</summary>
public sealed record ParityCase(string Name, WindowedView View, IReadOnlyList<ContractEvent> Events, IReadOnlyList<ParityRead> Reads)
{
    private const long Second = 1_000_000;
    private const int Customers = 4;
    private const int EventsPerCustomer = 120;
    private const int ReadsCount = 1000;

    private static readonly TimeSpan[] Windows =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1), TimeSpan.FromHours(12), TimeSpan.FromDays(3), TimeSpan.FromDays(12), TimeSpan.FromDays(90),
    ];

    public static IReadOnlyList<ParityCase> All { get; } =
    [
        Make("exact", WindowPrecision.Exact, TimeSpan.Zero, 1),
        Make("exact, label delay", WindowPrecision.Exact, TimeSpan.FromHours(30), 2),
        Make("hop", WindowPrecision.Hop, TimeSpan.Zero, 3),
        Make("hop, label delay", WindowPrecision.Hop, TimeSpan.FromHours(30), 4),
    ];

    /// <summary>A service of the view, in a project of its own.</summary>
    public FeatureServicePlan Plan(string project)
    {
        var view = View with { Project = project };
        var service = new FeatureService
        {
            Project = project,
            Name = "service",
            RequestValues =
            [
                new RequestValue("v", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64)),
                new RequestValue("n", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64)),
                new RequestValue("s", FeatureType.String, FeatureValue.Null(FeatureType.String)),
            ],
            Transforms = [],
            Columns = [.. view.Fields.Select((field, index) => new ServiceColumn { Name = field.Name, Type = field.Type, View = view, Field = index })],
            Fingerprint = "",
        };
        return new FeatureServicePlan(service with { Fingerprint = DefinitionFingerprint.Of(service) }, static _ => true);
    }

    private static ParityCase Make(string name, WindowPrecision precision, TimeSpan delay, int seed)
    {
        var random = new Random(seed);
        var view = MakeView(random, precision, delay);
        var events = Enumerable.Range(1, Customers).SelectMany(customer => MakeEvents(random, customer)).ToList();
        var reads = Enumerable.Range(0, ReadsCount).Select(_ =>
        {
            var near = events[random.Next(events.Count)];
            var q = random.Next(4) switch
            {
                0 => near.Arrival + random.Next(-1, 2),
                1 => near.Event + (random.Next(100_000) * Second),
                2 => (random.Next(85, 101) * 86_400L * Second) + random.Next(-1, 2),
                _ => (random.Next(101 * 288) * 300L * Second) + random.Next(-1, 2),
            };
            return new ParityRead(Math.Max(q, 0), FeatureValue.FromInt64(random.Next(1, Customers + 2)), [Number(random), Integer(random), Text(random)]);
        });
        return new ParityCase(name, view, events, [.. reads.OrderBy(static read => read.Q)]);
    }

    private static WindowedView MakeView(Random random, WindowPrecision precision, TimeSpan delay)
    {
        var features = new List<WindowFeature>();
        foreach (var (column, columnType) in new[] { ("v", FeatureType.Float64), ("n", FeatureType.Int64), ("s", FeatureType.String) })
        {
            foreach (var function in Enum.GetValues<AggregateFunction>())
            {
                var type = WindowFeature.ResultTypeOf(function, columnType);
                var name = $"{function}_{column}".ToLowerInvariant();
                var feature = new WindowFeature(
                    new FeatureField(name, type, FeatureValue.Null(type), false), function, column, Windows[random.Next(Windows.Length)])
                {
                    ColumnType = columnType,
                    Length = function >= AggregateFunction.FirstK ? random.Next(1, 5) : 0,
                    Rank = function == AggregateFunction.Percentile ? 0.9 : 0,
                    Hop = precision == WindowPrecision.Hop && random.Next(5) == 0 ? TimeSpan.FromSeconds(5) : TimeSpan.Zero,
                };
                if (!feature.NeedsNumbers || columnType != FeatureType.String)
                {
                    features.Add(feature);
                }
            }
        }

        features.Add(new WindowFeature(
            new FeatureField("rows", FeatureType.Int64, FeatureValue.Null(FeatureType.Int64), false), AggregateFunction.Count, null, TimeSpan.FromDays(3)));
        return new WindowedView
        {
            Project = "contract",
            Name = "features",
            Entity = new Entity { Name = ContractViews.EntityName, Keys = [new EntityKey(ContractViews.KeyName, FeatureType.Int64)] },
            Source = new ViewSource
            {
                Table = "events",
                EventTimeColumn = ContractViews.EventTimeColumn,
                CreatedTimeColumn = ContractViews.CreatedTimeColumn,
                EventIdColumn = ContractViews.EventIdColumn,
                KeyColumns = [ContractViews.KeyName],
                AllowedSkew = TimeSpan.FromMinutes(5),
            },
            Features = features,
            Precision = precision,
            LabelDelay = delay,
            IncludesRequest = delay == TimeSpan.Zero,
            IncludeRequest = delay == TimeSpan.Zero ? new Dictionary<string, string> { ["v"] = "v", ["n"] = "n", ["s"] = "s" } : [],
            History = TimeSpan.FromDays(3),
        };
    }

    private static List<ContractEvent> MakeEvents(Random random, int customer)
    {
        var events = new List<ContractEvent>();
        for (var index = 0; index < EventsPerCustomer; index++)
        {
            var days = random.Next(3) == 0 ? random.Next(100) : 90 + random.Next(10);
            var time = (days * 86_400L * Second) + (random.Next(24) * 3_600L * Second) + (random.Next(12) * 300L * Second) + (random.Next(4) * 5 * Second) + random.Next(2);
            var created = random.Next(10) switch
            {
                0 or 1 or 2 => time + (random.Next(2 * 86_400) * Second),
                3 => time - (random.Next(300) * Second),

                // Further ahead of its arrival than the skew: quarantined.
                4 => time - (random.Next(400, 4000) * Second),
                _ => time,
            };
            var values = new Dictionary<string, FeatureValue> { ["v"] = Number(random), ["n"] = Integer(random), ["s"] = Text(random) };
            events.Add(new ContractEvent(FeatureValue.FromInt64(customer), time, created, FeatureValue.FromInt64((customer * 100_000) + (index * 257)), values));
            if (random.Next(6) == 0)
            {
                events.Add(events[random.Next(events.Count)]);
            }
        }

        return events;
    }

    private static FeatureValue Number(Random random) => random.Next(40) switch
    {
        0 or 1 => FeatureValue.Null(FeatureType.Float64),
        2 => FeatureValue.FromFloat64(-0.0),
        3 when random.Next(4) == 0 => FeatureValue.FromFloat64(double.NaN),
        4 when random.Next(4) == 0 => FeatureValue.FromFloat64(double.PositiveInfinity),
        < 25 => FeatureValue.FromFloat64(Math.Round((random.NextDouble() - 0.3) * 500, 2)),
        _ => FeatureValue.FromFloat64(random.Next(-3, 4)),
    };

    private static FeatureValue Integer(Random random) => random.Next(10) switch
    {
        0 => FeatureValue.Null(FeatureType.Int64),
        1 => FeatureValue.FromInt64((1L << 53) + random.Next(3)),
        _ => FeatureValue.FromInt64(random.Next(-4, 5)),
    };

    private static FeatureValue Text(Random random) => random.Next(10) == 0
        ? FeatureValue.Null(FeatureType.String)
        : FeatureValue.FromString($"shop \"{random.Next(7)}\", \u00e9");
}

/// <param name="Q">The moment, microseconds.</param>
/// <param name="Key">Whose features.</param>
/// <param name="Request">v, n and s of the request.</param>
public sealed record ParityRead(long Q, FeatureValue Key, FeatureValue[] Request);
