using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Features;

/// <summary>A definition in the words of its file, with every default written out: JSON, and so YAML, which loads as the same definition.</summary>
/// <remarks>Stateless and thread safe. Numbers that JSON does not have are texts as YAML writes them: <c>.nan</c>, <c>.inf</c>, <c>-.inf</c>.</remarks>
public static class DefinitionJson
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(Entity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        var item = Begin(entity.Name, entity.Details);
        item["keys"] = ListOf(entity.Keys, static key => With(new JsonObject { ["name"] = key.Name, ["type"] = FeatureTypeNames.Of(key.Type) }, key.Details));
        return item.ToJsonString(Plain);
    }

    public static string Of(EventStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var item = Begin(stream.Name, stream.Details);
        item["kind"] = stream.Kind == EventStreamKind.Kafka ? "kafka" : "redis";
        item["topic"] = stream.Topic;
        item["group"] = stream.Group;
        item["dead_letters"] = stream.DeadLetterTopic;
        item["archive"] = stream.IsArchived;
        item["columns"] = ListOf(stream.Columns, static column =>
        {
            var shown = new JsonObject { ["name"] = column.Name, ["type"] = FeatureTypeNames.Of(column.Type), ["field"] = column.Field };
            if (column.Type == FeatureType.Timestamp)
            {
                shown["unit"] = column.UnitMicroseconds switch { 1_000_000 => "s", 1000 => "ms", 0 => "ns", _ => "us" };
            }

            return shown;
        });
        return item.ToJsonString(Plain);
    }

    public static string Of(FeatureView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var item = Begin(view.Name, view.Details);
        item["entity"] = view.Entity.Name;
        item["source"] = SourceOf(view);
        if (view is WindowedView windowed)
        {
            item["window"] = WindowOf(windowed);
            item["features"] = ListOf(windowed.Features, feature => FeatureOf(windowed, feature));
        }
        else if (view is LastValueView lastValue)
        {
            if (lastValue.TimeToLive is { } timeToLive)
            {
                item["ttl"] = DefinitionNames.FormatDuration(timeToLive);
            }

            item["features"] = ListOf(lastValue.Features, static feature => WithField(
                new JsonObject { ["name"] = feature.Field.Name, ["type"] = FeatureTypeNames.Of(feature.Field.Type), ["column"] = feature.Column }, feature.Field));
        }

        return item.ToJsonString(Plain);
    }

    public static string Of(FeatureService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        var item = Begin(service.Name, service.Details);
        if (service.Columns.Any(static column => column.View?.Entity.Alias is not null))
        {
            item["aliases"] = ListOf(
                service.Columns.Select(static column => column.View?.Entity).OfType<Entity>().Where(static entity => entity.Alias is not null).DistinctBy(static entity => entity.Alias),
                static entity => new JsonObject
                {
                    ["name"] = entity.Alias,
                    ["entity"] = entity.Name,
                    ["keys"] = new JsonObject(entity.Keys.Select(static key => KeyValuePair.Create(key.DefinedName, (JsonNode?)key.Name))),
                });
        }

        item["request"] = ListOf(service.RequestValues, static value =>
        {
            var shown = new JsonObject { ["name"] = value.Name, ["type"] = FeatureTypeNames.Of(value.Type) };
            SetDefault(shown, value.Default);
            return With(shown, value.Details);
        });
        item["transforms"] = ListOf(service.Transforms, static transform => With(
            new JsonObject { ["name"] = transform.Name, ["type"] = FeatureTypeNames.Of(transform.Type), ["expression"] = transform.Expression }, transform.Details));
        item["features"] = new JsonArray([.. service.Columns.Select(static column => (JsonNode?)NameOf(column))]);
        return item.ToJsonString(Plain);
    }

    private static string NameOf(ServiceColumn column) => column.View is { } view
        ? $"{(view.Entity.Alias is { } alias ? $"{alias}." : "")}{view.Name}.{view.Fields[column.Field].Name}"
        : column.Name;

    private static JsonObject SourceOf(FeatureView view)
    {
        var source = view.Source;
        var item = new JsonObject { ["table"] = source.Table, ["event_time"] = source.EventTimeColumn };
        foreach (var (name, column) in new[] { ("created_time", source.CreatedTimeColumn), ("event_id", source.EventIdColumn) })
        {
            if (column is not null)
            {
                item[name] = column;
            }
        }

        item["keys"] = new JsonObject(view.Entity.Keys.Select((key, index) => KeyValuePair.Create(key.Name, (JsonNode?)source.KeyColumns[index])));
        item["allowed_skew"] = DefinitionNames.FormatDuration(source.AllowedSkew);
        if (source.IsPushOnly)
        {
            item["push"] = true;
        }

        if (source.Filter is { } filter)
        {
            item["where"] = filter.Expression;
            if (filter.Declared.Count > 0)
            {
                item["columns"] = ListOf(filter.Declared, static column => new JsonObject { ["name"] = column.Name, ["type"] = FeatureTypeNames.Of(column.Type) });
            }
        }

        return item;
    }

    private static JsonObject WindowOf(WindowedView view)
    {
        var item = new JsonObject
        {
            ["precision"] = view.Precision == WindowPrecision.Hop ? "hop" : "exact",
            ["label_delay"] = DefinitionNames.FormatDuration(view.LabelDelay),
            ["max_events"] = view.EventsMax,
            ["history"] = DefinitionNames.FormatDuration(view.History),
        };
        if (view.IncludesRequest)
        {
            item["include_request"] = new JsonObject(view.IncludeRequest.Select(static pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        return item;
    }

    private static JsonObject FeatureOf(WindowedView view, WindowFeature feature)
    {
        var item = new JsonObject { ["name"] = feature.Field.Name, ["aggregate"] = AggregateNames.Of(feature.Function) };
        if (feature.Length > 0)
        {
            item["k"] = feature.Length;
        }

        if (feature.Function == AggregateFunction.Percentile)
        {
            item["p"] = feature.Rank;
        }

        if (feature.Column is not null)
        {
            item["of"] = feature.Column;
            item["type"] = FeatureTypeNames.Of(feature.ColumnType);
        }

        item["window"] = DefinitionNames.FormatDuration(feature.Window);
        if (view.Precision == WindowPrecision.Hop)
        {
            item["hop"] = DefinitionNames.FormatDuration(HopLadder.Of(feature));
        }

        return WithField(item, feature.Field);
    }

    private static JsonObject WithField(JsonObject item, FeatureField field)
    {
        SetDefault(item, field.Default);
        if (field.IsRequired)
        {
            item["required"] = true;
        }

        if (field.Bounds is { } bounds)
        {
            var shown = new JsonObject();
            foreach (var (name, bound) in new[] { ("min", bounds.Minimum), ("max", bounds.Maximum) })
            {
                if (bound is { } number)
                {
                    shown[name] = NumberOf(number);
                }
            }

            item["bounds"] = shown;
        }

        return With(item, field.Details);
    }

    private static void SetDefault(JsonObject item, FeatureValue value)
    {
        if (!value.IsNull)
        {
            item["default"] = value.Type switch
            {
                FeatureType.Bool => value.AsBool(),
                FeatureType.Int64 => value.AsInt64(),
                FeatureType.Float32 => float.IsFinite(value.AsFloat32()) ? value.AsFloat32() : NumberOf(value.AsFloat32()),
                FeatureType.Float64 => NumberOf(value.AsFloat64()),
                _ => value.ToString(),
            };
        }
    }

    private static JsonNode NumberOf(double number) =>
        double.IsFinite(number) ? number : double.IsNaN(number) ? ".nan" : number > 0 ? ".inf" : "-.inf";

    private static JsonObject Begin(string name, DefinitionDetails details) => With(new JsonObject { ["name"] = name }, details);

    private static JsonObject With(JsonObject item, DefinitionDetails details)
    {
        foreach (var (name, text) in new[] { ("description", details.Description), ("owner", details.Owner) })
        {
            if (text is not null)
            {
                item[name] = text;
            }
        }

        if (details.Tags.Count > 0)
        {
            item["tags"] = new JsonObject(details.Tags.OrderBy(static tag => tag.Key, StringComparer.Ordinal).Select(static tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value)));
        }

        return item;
    }

    private static JsonArray ListOf<T>(IEnumerable<T> items, Func<T, JsonObject> item) => new([.. items.Select(value => (JsonNode?)item(value))]);
}
