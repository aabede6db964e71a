namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Views over the random history: keys of one and of two columns, with and without created times, ids of every kind.</summary>
internal static class OracleViews
{
    private static readonly Entity One = TestDefinitions.Entity("one", ("key", FeatureType.Int64));
    private static readonly Entity Pair = TestDefinitions.Entity("pair", ("key", FeatureType.Int64), ("text", FeatureType.String));
    private static readonly Entity Text = TestDefinitions.Entity("text", ("text", FeatureType.String));

    // The first one once more, under another name: another column of the spine has its key.
    private static readonly Entity Other = One with { Alias = "other", Keys = [new EntityKey("other_key", FeatureType.Int64) { DefinedName = "key" }] };

    public static IReadOnlyList<OfflineColumn> EventColumns { get; } =
    [
        new("KEY", FeatureType.Int64),
        new("TEXT", FeatureType.String),
        new("EVENT", FeatureType.Timestamp),
        new("CREATED", FeatureType.Timestamp),
        new("ID", FeatureType.Int64),
        new("NAME", FeatureType.String),
        new("V", FeatureType.Float64),
        new("S", FeatureType.String),
        new("N", FeatureType.Int64),
    ];

    public static IReadOnlyList<OfflineColumn> ReadColumns { get; } =
    [
        new("KEY", FeatureType.Int64),
        new("TEXT", FeatureType.String),
        new("Q", FeatureType.Timestamp),
        new("AMOUNT", FeatureType.Float64),
        new("OTHER", FeatureType.Int64),
    ];

    public static IReadOnlyList<LastValueView> LastValues { get; } =
    [
        LastValue("newest", Pair, "CREATED", null),
        LastValue("fresh", One, "CREATED", TimeSpan.FromMicroseconds(4)),
        LastValue("simple", Text, null, TimeSpan.FromMicroseconds(3)),

        // The rows of "fresh", of which this one stores less: where rows tie, its winner is another one.
        LastValue("part", One, "CREATED", null) with { Features = [new(TestDefinitions.Field("part_n", FeatureType.Int64), "N")] },
        LastValue("fresh", Other, "CREATED", TimeSpan.FromMicroseconds(4), "other_fresh"),
    ];

    public static IReadOnlyList<WindowedView> Windows { get; } =
    [
        Windowed("plain", One, "CREATED", "ID", TimeSpan.FromMinutes(5), TimeSpan.Zero, false),
        Windowed("own", Text, "CREATED", "NAME", TimeSpan.FromMicroseconds(2), TimeSpan.Zero, true),
        Windowed("late", Pair, null, "ID", TimeSpan.FromMinutes(5), TimeSpan.FromMicroseconds(3), false),
        Windowed("hashed", One, null, null, TimeSpan.FromMinutes(5), TimeSpan.Zero, false),
        Windowed("plain", Other, "CREATED", "ID", TimeSpan.FromMinutes(5), TimeSpan.Zero, false, "other_plain"),
    ];

    public static FeatureServicePlan Plan { get; } = new(
        TestDefinitions.Service(
            "oracle",
            [new RequestValue("amount", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64))],
            [.. LastValues, .. Windows]),
        static view => view.Source.EventIdColumn == "ID");

    private static LastValueView LastValue(string name, Entity entity, string? created, TimeSpan? ttl, string? prefix = null) => new()
    {
        Project = "default",
        Name = name,
        Entity = entity,
        Source = Source(entity, created, null),
        TimeToLive = ttl,
        Features =
        [
            new(TestDefinitions.Field($"{prefix ?? name}_v", FeatureType.Float64), "V"),
            new(TestDefinitions.Field($"{prefix ?? name}_s", FeatureType.String), "S"),
            new(TestDefinitions.Field($"{prefix ?? name}_n", FeatureType.Int64), "N"),
        ],
    };

    private static WindowedView Windowed(
        string name, Entity entity, string? created, string? id, TimeSpan skew, TimeSpan delay, bool includesRequest, string? prefix = null) => new()
    {
        Project = "default",
        Name = name,
        Entity = entity,
        Source = Source(entity, created, id) with { AllowedSkew = skew },
        LabelDelay = delay,
        IncludesRequest = includesRequest,
        IncludeRequest = includesRequest ? new Dictionary<string, string> { ["V"] = "amount" } : new Dictionary<string, string>(),
        Features =
        [
            TestDefinitions.Window($"{prefix ?? name}_rows", AggregateFunction.Count, null, TimeSpan.FromMicroseconds(3)),
            .. Enum.GetValues<AggregateFunction>()
                .Where(function => function <= AggregateFunction.Last && (id is not null || function is not (AggregateFunction.First or AggregateFunction.Last)))
                .Select(function => TestDefinitions.Window(
                    $"{prefix ?? name}_{function.ToString().ToLowerInvariant()}", function, "V", TimeSpan.FromMicroseconds(2 + ((int)function % 3 * 3)))),
        ],
    };

    private static ViewSource Source(Entity entity, string? created, string? id) => new()
    {
        Table = "events",
        EventTimeColumn = "EVENT",
        CreatedTimeColumn = created,
        EventIdColumn = id,
        KeyColumns = [.. entity.Keys.Select(static key => key.DefinedName.ToUpperInvariant())],
    };
}
