namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Small views of a customer, and bytes of their rows and events.</summary>
internal static class TestViews
{
    // First, since the views below are made of it in their order.
    private static ViewSource Source { get; } = new() { Table = "transactions", EventTimeColumn = "time", KeyColumns = ["customer_id"] };

    public static Entity Customer { get; } = new() { Name = "customer", Keys = [new EntityKey("customer_id", FeatureType.Int64)] };

    public static Entity Named { get; } = new() { Name = "named", Keys = [new EntityKey("name", FeatureType.String)] };

    /// <summary>A last-value view of one string and one float64.</summary>
    public static StorageField Profile { get; } = StorageField.Of(LastValue("profile", Customer), hasIntegerEventId: false);

    public static StorageField NamedProfile { get; } = StorageField.Of(LastValue("named_profile", Named), hasIntegerEventId: false);

    /// <summary>A windowed view of one column.</summary>
    public static StorageField Spending(int eventsMax = 4096, bool hasIntegerEventId = true) => StorageField.Of(
        new WindowedView
        {
            Project = "default",
            Name = "spending",
            Entity = Customer,
            Source = Source,
            EventsMax = eventsMax,
            Features =
            [
                new WindowFeature(
                    new FeatureField("amount_mean", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64), false),
                    AggregateFunction.Mean,
                    "amount",
                    TimeSpan.FromDays(1)),
            ],
        },
        hasIntegerEventId);

    public static EntityId Id(long customer) => new("default", "customer", EntityKeyCodec.Encode(Customer, [FeatureValue.FromInt64(customer)]));

    public static byte[] Row(long eventTime, long createdTime, double value, string text = "x") =>
        OnlineRowCodec.Encode(Profile, eventTime, createdTime, [FeatureValue.FromString(text), FeatureValue.FromFloat64(value)]);

    /// <summary>As the first format had it: the whole fingerprint, and always a null bitmap.</summary>
    public static byte[] RowOfVersion1(long eventTime, long createdTime, double value)
    {
        var row = Row(eventTime, createdTime, value);
        Assert.True(OnlineRowCodec.TryReadHeader(Profile, row, out _, out _, out var body));
        return [(byte)(0x10 | (row[0] & 1)), .. BitConverter.GetBytes(Profile.Fingerprint), .. row[3..body], 0, .. row[body..]];
    }

    public static byte[] Block(StorageField field, params IEnumerable<(long Time, long Id)> events) =>
        Block(field, [.. events.Select(static item => new TestEvent(item.Time, item.Time, item.Id))]);

    public static byte[] Block(StorageField field, params IReadOnlyList<TestEvent> events)
    {
        var builder = new WindowBlockBuilder(field);
        foreach (var item in events)
        {
            var id = field.EventIdWidth == 8 ? FeatureValue.FromInt64(item.Id) : FeatureValue.FromString($"event {item.Id}");
            builder.Add(item.EventTime, item.CreatedTime, id, "i1", [FeatureValue.FromFloat64(item.Id)]);
        }

        return builder.Build();
    }

    private static LastValueView LastValue(string name, Entity entity) => new()
    {
        Project = "default",
        Name = name,
        Entity = entity,
        Source = Source,
        Features =
        [
            new LastValueFeature(new FeatureField("country", FeatureType.String, FeatureValue.Null(FeatureType.String), false), "country"),
            new LastValueFeature(new FeatureField("limit", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64), false), "limit"),
        ],
    };
}

internal readonly record struct TestEvent(long EventTime, long CreatedTime, long Id);
