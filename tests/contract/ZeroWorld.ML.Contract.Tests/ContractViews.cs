namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Makes the view of a case, and the feature service that reads it.</summary>
internal static class ContractViews
{
    public const string EntityName = "thing";
    public const string KeyName = "thing_id";
    public const string EventTimeColumn = "event_time";
    public const string CreatedTimeColumn = "created_time";
    public const string EventIdColumn = "event_id";

    public static FeatureView Make(ContractNode node, FeatureType keyType, bool hasEventId)
    {
        var entity = new Entity { Name = EntityName, Keys = [new EntityKey(KeyName, keyType)] };
        var source = new ViewSource
        {
            Table = "events",
            EventTimeColumn = EventTimeColumn,
            CreatedTimeColumn = CreatedTimeColumn,
            EventIdColumn = hasEventId ? EventIdColumn : null,
            KeyColumns = [KeyName],
            AllowedSkew = Span(node.Integer("allowed_skew", 300_000_000)),
        };
        return node.Text("kind", null) switch
        {
            "last_value" => new LastValueView
            {
                Project = "contract",
                Name = "features",
                Entity = entity,
                Source = source,
                TimeToLive = node.Has("ttl") ? Span(node.Integer("ttl")) : null,
                Features = [new LastValueFeature(Field(node, "value", node.Type("type", FeatureType.Float64)), "v")],
            },
            "windowed" => new WindowedView
            {
                Project = "contract",
                Name = "features",
                Entity = entity,
                Source = source,
                Features = [.. node.List("features").Select(MakeFeature)],
                Precision = node.Text("precision", "exact") switch
                {
                    "exact" => WindowPrecision.Exact,
                    "hop" => WindowPrecision.Hop,
                    var other => throw node.Error($"precision is '{other}'; expected exact or hop"),
                },
                LabelDelay = Span(node.Integer("label_delay", 0)),
                IncludesRequest = node.Text("include_request", "false") == "true",
                IncludeRequest = node.Text("include_request", "false") == "true"
                    && node.List("features").Any(static feature => MakeFeature(feature).Column == "v")
                    ? new Dictionary<string, string> { ["v"] = "v" }
                    : [],
                EventsMax = (int)node.Integer("max_events", 4096),
                History = Span(node.Integer("history", 86_400_000_000)),
            },
            var other => throw node.Error($"kind is '{other}'; expected last_value or windowed"),
        };
    }

    /// <summary>A service that shows all features of a view; its project is given, so that cases do not meet in one store.</summary>
    public static FeatureServicePlan Plan(ContractCase item, string project)
    {
        var view = item.View with { Project = project };
        var service = new FeatureService
        {
            Project = project,
            Name = "service",
            RequestValues = [new RequestValue("v", FeatureType.Float64, FeatureValue.Null(FeatureType.Float64))],
            Transforms = [],
            Columns = [.. view.Fields.Select((field, index) => new ServiceColumn { Name = field.Name, Type = field.Type, View = view, Field = index })],
            Fingerprint = "",
        };
        return new FeatureServicePlan(service with { Fingerprint = DefinitionFingerprint.Of(service) }, _ => item.HasIntegerEventId);
    }

    private static WindowFeature MakeFeature(ContractNode node)
    {
        node.Allow("name", "aggregate", "of", "type", "k", "p", "hop", "window", "default");
        var function = node.Text("aggregate", null) switch
        {
            "count" => AggregateFunction.Count,
            "sum" => AggregateFunction.Sum,
            "mean" => AggregateFunction.Mean,
            "min" => AggregateFunction.Min,
            "max" => AggregateFunction.Max,
            "variance" => AggregateFunction.Variance,
            "stddev" => AggregateFunction.StandardDeviation,
            "first" => AggregateFunction.First,
            "last" => AggregateFunction.Last,
            "count_distinct" => AggregateFunction.CountDistinct,
            "approx_count_distinct" => AggregateFunction.ApproximateCountDistinct,
            "percentile" => AggregateFunction.Percentile,
            "first_k" => AggregateFunction.FirstK,
            "last_k" => AggregateFunction.LastK,
            "top_k" => AggregateFunction.TopK,
            var other => throw node.Error($"aggregate is '{other}'; expected count, sum, mean, min, max, variance, stddev, first, last, count_distinct, approx_count_distinct, percentile, first_k, last_k or top_k"),
        };
        var isCount = function == AggregateFunction.Count;
        var columnType = node.Type("type", FeatureType.Float64);
        var type = WindowFeature.ResultTypeOf(function, columnType);
        var column = node.Has("of") ? node.Text("of", null) : isCount ? null : "v";
        return new WindowFeature(Field(node, node.Text("name", node.Text("aggregate", null)), type), function, column, Span(node.Integer("window")))
        {
            ColumnType = columnType,
            Length = (int)node.Integer("k", 0),
            Rank = node.Has("p") ? node.Get("p").Value(FeatureType.Float64).AsFloat64() : 0,
            Hop = Span(node.Integer("hop", 0)),
        };
    }

    private static FeatureField Field(ContractNode node, string name, FeatureType type) =>
        new(name, type, node.Has("default") ? node.Get("default").Value(type) : FeatureValue.Null(type), false);

    private static TimeSpan Span(long microseconds) => TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
