using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>Canonical JSON of definitions and its SHA-256, 64 characters of lower-case hex (docs/formats/definitions.md, "Fingerprints").</summary>
/// <remarks>Stateless and thread safe. Texts for people are left out; everything that can change a value is in.</remarks>
public static class DefinitionFingerprint
{
    private const int Format = 1;

    public static string Of(Entity entity) => Hash(writer => WriteEntity(writer, entity));

    public static string Of(EventStream stream) => Hash(writer => WriteStream(writer, stream));

    public static string Of(FeatureView view) => Hash(writer => WriteView(writer, view));

    /// <summary>Fingerprint of a service with all it rests on; <see cref="FeatureService.Fingerprint"/> itself is not looked at.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>: a transform does not compile.</exception>
    public static string Of(FeatureService service) => Hash(writer => WriteService(writer, service));

    /// <summary>The JSON that the fingerprint of a service is the digest of: to see why two differ.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>: a transform does not compile.</exception>
    public static string CanonicalJson(FeatureService service) => Encoding.UTF8.GetString(Write(writer => WriteService(writer, service)).WrittenSpan);

    /// <summary>The JSON that the fingerprint of an entity is the digest of.</summary>
    public static string CanonicalJson(Entity entity) => Encoding.UTF8.GetString(Write(writer => WriteEntity(writer, entity)).WrittenSpan);

    /// <summary>The JSON that the fingerprint of a stream is the digest of.</summary>
    public static string CanonicalJson(EventStream stream) => Encoding.UTF8.GetString(Write(writer => WriteStream(writer, stream)).WrittenSpan);

    /// <summary>The JSON that the fingerprint of a view is the digest of.</summary>
    public static string CanonicalJson(FeatureView view) => Encoding.UTF8.GetString(Write(writer => WriteView(writer, view)).WrittenSpan);

    private static string Hash(Action<Utf8JsonWriter> write) => Convert.ToHexStringLower(SHA256.HashData(Write(write).WrittenSpan));

    private static ArrayBufferWriter<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        write(writer);
        writer.Flush();
        return buffer;
    }

    private static void WriteService(Utf8JsonWriter writer, FeatureService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        var programs = TransformProgram.CompileAll(service);
        var views = service.Columns.Select(static column => column.View).OfType<FeatureView>()
            .DistinctBy(static view => view.Name).OrderBy(static view => view.Name, StringComparer.Ordinal).ToList();
        var aliases = service.Columns.Select(static column => column.View?.Entity).OfType<Entity>().Where(static entity => entity.Alias is not null)
            .DistinctBy(static entity => entity.Alias).OrderBy(static entity => entity.Alias, StringComparer.Ordinal).ToList();
        writer.WriteStartObject();
        writer.WriteNumber("format", Format);
        writer.WriteString("project", service.Project);
        writer.WriteString("name", service.Name);
        WriteList(writer, "request", service.RequestValues, static (writer, value) =>
        {
            writer.WriteString("name", value.Name);
            writer.WriteString("type", FeatureTypeNames.Of(value.Type));
            WriteValue(writer, "default", value.Default);
        });
        WriteList(writer, "transforms", service.Transforms.Zip(programs), static (writer, item) =>
        {
            writer.WriteString("name", item.First.Name);
            writer.WriteString("type", FeatureTypeNames.Of(item.First.Type));
            writer.WriteString("expression", item.Second.Canonical);
        });
        WriteList(writer, "columns", service.Columns, static (writer, column) =>
        {
            writer.WriteString("name", column.Name);
            writer.WriteString("type", FeatureTypeNames.Of(column.Type));
            writer.WriteString("from", column.View is { Entity.Alias: { } alias } view ? $"{alias}.{view.Name}" : column.View?.Name ?? (column.RequestValue >= 0 ? "request" : "transforms"));
        });
        WriteArray(writer, "views", views, WriteView);
        WriteArray(writer, "entities", views.Select(static view => view.Entity).DistinctBy(static entity => entity.Name)
            .OrderBy(static entity => entity.Name, StringComparer.Ordinal), WriteEntity);

        // Only where there are any: services without aliases keep the fingerprints they had.
        if (aliases.Count > 0)
        {
            WriteList(writer, "aliases", aliases, static (writer, entity) =>
            {
                writer.WriteString("name", entity.Alias);
                writer.WriteString("entity", entity.Name);
                writer.WriteStartArray("keys");
                foreach (var key in entity.Keys)
                {
                    writer.WriteStringValue(key.Name);
                }

                writer.WriteEndArray();
            });
        }

        writer.WriteEndObject();
    }

    private static void WriteEntity(Utf8JsonWriter writer, Entity entity)
    {
        writer.WriteStartObject();
        writer.WriteString("name", entity.Name);
        WriteList(writer, "keys", entity.Keys, static (writer, key) =>
        {
            writer.WriteString("name", key.DefinedName);
            writer.WriteString("type", FeatureTypeNames.Of(key.Type));
        });
        writer.WriteEndObject();
    }

    private static void WriteStream(Utf8JsonWriter writer, EventStream stream)
    {
        writer.WriteStartObject();
        writer.WriteString("name", stream.Name);
        writer.WriteString("kind", stream.Kind == EventStreamKind.Kafka ? "kafka" : "redis");
        writer.WriteString("topic", stream.Topic);
        writer.WriteString("group", stream.Group);
        writer.WriteString("dead_letters", stream.DeadLetterTopic);
        writer.WriteBoolean("archive", stream.IsArchived);
        WriteList(writer, "columns", stream.Columns, static (writer, column) =>
        {
            writer.WriteString("name", column.Name);
            writer.WriteString("type", FeatureTypeNames.Of(column.Type));
            writer.WriteString("field", column.Field);
            writer.WriteNumber("unit_us", column.UnitMicroseconds);
        });
        writer.WriteEndObject();
    }

    private static void WriteView(Utf8JsonWriter writer, FeatureView view)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", view is WindowedView ? "window" : "last_value");
        writer.WriteString("name", view.Name);
        writer.WriteString("entity", view.Entity.Name);
        WriteSource(writer, view);
        if (view is WindowedView windowed)
        {
            WriteWindow(writer, windowed);
        }
        else if (view is LastValueView lastValue)
        {
            WriteLastValue(writer, lastValue);
        }

        writer.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter writer, FeatureView view)
    {
        var source = view.Source;
        writer.WriteStartObject("source");
        writer.WriteString("table", source.Table);
        writer.WriteString("event_time", source.EventTimeColumn);
        writer.WriteString("created_time", source.CreatedTimeColumn);
        writer.WriteString("event_id", source.EventIdColumn);
        writer.WriteStartArray("keys");
        foreach (var column in source.KeyColumns)
        {
            writer.WriteStringValue(column);
        }

        writer.WriteEndArray();
        writer.WriteNumber("allowed_skew", UnixMicroseconds.FromTimeSpan(source.AllowedSkew));

        // Only where it is: views of tables keep the fingerprints they had.
        if (source.IsPushOnly)
        {
            writer.WriteBoolean("push", true);
        }

        if (source.Filter is { } filter)
        {
            writer.WriteString("where", filter.Canonical);
            WriteList(writer, "where_columns", filter.Columns, static (writer, column) =>
            {
                writer.WriteString("name", column.Name);
                writer.WriteString("type", FeatureTypeNames.Of(column.Type));
            });
        }

        writer.WriteEndObject();
    }

    private static void WriteLastValue(Utf8JsonWriter writer, LastValueView view)
    {
        if (view.TimeToLive is { } timeToLive)
        {
            writer.WriteNumber("ttl", UnixMicroseconds.FromTimeSpan(timeToLive));
        }
        else
        {
            writer.WriteNull("ttl");
        }

        WriteList(writer, "features", view.Features, static (writer, feature) =>
        {
            WriteField(writer, feature.Field);
            writer.WriteString("column", feature.Column);
        });
    }

    private static void WriteWindow(Utf8JsonWriter writer, WindowedView view)
    {
        writer.WriteString("precision", view.Precision == WindowPrecision.Hop ? "hop" : "exact");
        writer.WriteNumber("label_delay", UnixMicroseconds.FromTimeSpan(view.LabelDelay));
        writer.WriteBoolean("includes_request", view.IncludesRequest);
        writer.WriteStartObject("include_request");
        foreach (var (column, value) in view.IncludeRequest.OrderBy(static item => item.Key, StringComparer.Ordinal))
        {
            writer.WriteString(column, value);
        }

        writer.WriteEndObject();
        writer.WriteNumber("max_events", view.EventsMax);
        writer.WriteNumber("history", UnixMicroseconds.FromTimeSpan(view.History));
        WriteList(writer, "features", view.Features, (writer, feature) =>
        {
            WriteField(writer, feature.Field);
            writer.WriteNumber("aggregate", (int)feature.Function);
            writer.WriteString("of", feature.Column);
            writer.WriteNumber("window", UnixMicroseconds.FromTimeSpan(feature.Window));
            WriteAggregateDetails(writer, view, feature);
        });
    }

    // Only where they say something: fingerprints of aggregates that have none of these stay what they were.
    private static void WriteAggregateDetails(Utf8JsonWriter writer, WindowedView view, WindowFeature feature)
    {
        if (feature.ColumnType != FeatureType.Float64)
        {
            writer.WriteString("of_type", FeatureTypeNames.Of(feature.ColumnType));
        }

        if (feature.Length > 0)
        {
            writer.WriteNumber("k", feature.Length);
        }

        if (feature.Function == AggregateFunction.Percentile)
        {
            writer.WriteString("p", feature.Rank.ToString("R", CultureInfo.InvariantCulture));
        }

        if (view.Precision == WindowPrecision.Hop)
        {
            writer.WriteNumber("hop", UnixMicroseconds.FromTimeSpan(HopLadder.Of(feature)));
        }
    }

    private static void WriteField(Utf8JsonWriter writer, FeatureField field)
    {
        writer.WriteString("name", field.Name);
        writer.WriteString("type", FeatureTypeNames.Of(field.Type));
        WriteValue(writer, "default", field.Default);
        writer.WriteBoolean("required", field.IsRequired);
    }

    // Numbers as text: NaN, infinities and every bit of a float survive, and no JSON library decides how they look.
    private static void WriteValue(Utf8JsonWriter writer, string property, FeatureValue value)
    {
        if (value.IsNull)
        {
            writer.WriteNull(property);
        }
        else
        {
            writer.WriteString(property, value.Type == FeatureType.Timestamp ? $"{value.AsInt64()}" : value.ToString());
        }
    }

    private static void WriteList<T>(Utf8JsonWriter writer, string property, IEnumerable<T> items, Action<Utf8JsonWriter, T> write) =>
        WriteArray(writer, property, items, (writer, item) =>
        {
            writer.WriteStartObject();
            write(writer, item);
            writer.WriteEndObject();
        });

    private static void WriteArray<T>(Utf8JsonWriter writer, string property, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(property);
        foreach (var item in items)
        {
            write(writer, item);
        }

        writer.WriteEndArray();
    }
}
