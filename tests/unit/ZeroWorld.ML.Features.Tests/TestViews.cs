namespace ZeroWorld.ML.Features.Tests;

/// <summary>Definitions made in memory.</summary>
internal static class TestViews
{
    public static Entity Thing { get; } = new() { Name = "thing", Keys = [new EntityKey("thing_id", FeatureType.Int64)] };

    public static ViewSource Source { get; } = new() { Table = "events", EventTimeColumn = "t", KeyColumns = ["thing_id"] };

    public static LastValueView LastValue(long? ttl, params LastValueFeature[] features) => new()
    {
        Project = "default",
        Name = "profile",
        Entity = Thing,
        Source = Source,
        TimeToLive = ttl is { } value ? TimeSpan.FromTicks(value * 10) : null,
        Features = features,
    };

    public static WindowedView Windowed(params WindowFeature[] features) => new()
    {
        Project = "default",
        Name = "activity",
        Entity = Thing,
        Source = Source,
        Features = features,
    };

    public static LastValueFeature Feature(string name, FeatureType type, FeatureValue? fallback = null) =>
        new(new FeatureField(name, type, fallback ?? FeatureValue.Null(type), false), name);

    public static WindowFeature Aggregate(string name, AggregateFunction function, string? column, long window)
    {
        var type = function == AggregateFunction.Count ? FeatureType.Int64 : FeatureType.Float64;
        return new WindowFeature(new FeatureField(name, type, FeatureValue.Null(type), false), function, column, TimeSpan.FromTicks(window * 10));
    }

    public static FeatureService Service(IReadOnlyList<RequestValue> request, IReadOnlyList<Transform> transforms, params FeatureView[] views) => new()
    {
        Project = "default",
        Name = "service",
        RequestValues = request,
        Transforms = transforms,
        Columns =
        [
            .. request.Select((value, index) => new ServiceColumn { Name = value.Name, Type = value.Type, RequestValue = index }),
            .. transforms.Select((transform, index) => new ServiceColumn { Name = transform.Name, Type = transform.Type, Transform = index }),
            .. views.SelectMany(view => view.Fields.Select((field, index) =>
                new ServiceColumn { Name = field.Name, Type = field.Type, View = view, Field = index })),
        ],
        Fingerprint = "",
    };
}
