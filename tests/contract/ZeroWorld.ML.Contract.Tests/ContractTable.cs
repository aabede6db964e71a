using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Reads the truth table and whatever <c>ZEROWORLD_CONTRACT_TABLE</c> (a file or a folder) adds to it.</summary>
public static class ContractTable
{
    public static IReadOnlyList<ContractCase> All { get; } = [.. Files().SelectMany(Read)];

    private static IEnumerable<string> Files()
    {
        yield return Path.Combine(AppContext.BaseDirectory, "feature-semantics.yaml");
        if (Environment.GetEnvironmentVariable("ZEROWORLD_CONTRACT_TABLE") is not { Length: > 0 } more)
        {
            yield break;
        }

        var files = Directory.Exists(more)
            ? Directory.EnumerateFiles(more).Where(static file => Path.GetExtension(file) is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal).ToList()
            : [more];
        if (files.Count == 0)
        {
            throw new FormatException($"ZEROWORLD_CONTRACT_TABLE names '{more}', which holds no *.yaml, *.yml or *.json.");
        }

        foreach (var file in files)
        {
            yield return file;
        }
    }

    public static IReadOnlyList<ContractCase> Read(string path)
    {
        var stream = new YamlStream();
        using (var reader = new StreamReader(path))
        {
            stream.Load(reader);
        }

        var root = new ContractNode(Path.GetFileName(path), stream.Documents[0].RootNode);
        root.Allow("version", "cases");
        return root.Integer("version") == 1
            ? [.. root.List("cases").Select(ReadCase)]
            : throw root.Error("version is not 1");
    }

    private static ContractCase ReadCase(ContractNode node)
    {
        node.Allow("name", "view", "events", "reads");
        var view = node.Get("view");
        view.Allow(
            "kind", "key_type", "type", "default", "ttl", "features", "precision", "include_request", "label_delay", "max_events", "history", "event_id", "allowed_skew");
        var keyType = view.Type("key_type", FeatureType.Int64);
        var idType = view.Text("event_id", "none") switch
        {
            "none" => (FeatureType?)null,
            "int64" => FeatureType.Int64,
            "string" => FeatureType.String,
            var other => throw view.Error($"event_id is '{other}'; expected int64, string or none"),
        };
        var definition = ContractViews.Make(view, keyType, idType is not null);
        return new ContractCase
        {
            Name = node.Text("name", null),
            Place = node.Place,
            View = definition,
            HasIntegerEventId = idType == FeatureType.Int64,
            Events = [.. node.List("events").Select(item => ReadEvent(item, definition, keyType, idType ?? FeatureType.String))],
            Reads = [.. node.List("reads").Select(item => ReadRead(item, definition, keyType))],
        };
    }

    private static ContractEvent ReadEvent(ContractNode node, FeatureView view, FeatureType keyType, FeatureType idType)
    {
        node.Allow("key", "event", "created", "id", "value", "v", "w");
        var values = new Dictionary<string, FeatureValue>(StringComparer.Ordinal);
        foreach (var column in view.StoredColumns)
        {
            var property = column.Name == "v" && node.Has("value") ? "value" : column.Name;
            if (node.Has(property))
            {
                values[column.Name] = node.Get(property).Value(column.Type);
            }
        }

        var time = node.Integer("event");
        return new ContractEvent(
            ReadKey(node, keyType),
            time,
            node.Has("created") ? node.Integer("created") : time,
            node.Has("id") ? node.Get("id").Value(idType) : FeatureValue.Null(idType),
            values);
    }

    private static ContractRead ReadRead(ContractNode node, FeatureView view, FeatureType keyType)
    {
        node.Allow("key", "q", "request", "features", "value", "status", "event_time", "defaulted", "online");
        var request = new Dictionary<string, FeatureValue>(StringComparer.Ordinal);
        if (node.Has("request"))
        {
            request["v"] = node.Get("request").Value(FeatureType.Float64);
        }

        var fields = view.Fields;
        IReadOnlyList<ExpectedCell> expected;
        if (node.Has("features"))
        {
            var cells = node.Get("features");
            cells.Allow([.. fields.Select(static field => field.Name)]);
            expected = [.. fields.Select(field => ReadCell(cells.Get(field.Name), field))];
        }
        else
        {
            expected = fields.Count == 1 ? [ReadCell(node, fields[0])] : throw node.Error("the view has several features; expected 'features' with one cell for each");
        }

        return new ContractRead(node.Integer("q"), ReadKey(node, keyType), request, expected, node.Line);
    }

    // A cell may be a bare value: present, or NULL when it is null.
    private static ExpectedCell ReadCell(ContractNode node, FeatureField field)
    {
        if (node.IsScalar)
        {
            var bare = node.Value(field.Type);
            return new ExpectedCell(bare, bare.IsNull ? FeatureStatus.Null : FeatureStatus.Present, false, null, false, false);
        }

        var value = node.Has("value") ? node.Get("value").Value(field.Type) : FeatureValue.Null(field.Type);
        var status = node.Text("status", value.IsNull ? "NULL" : "PRESENT") switch
        {
            "PRESENT" => FeatureStatus.Present,
            "NULL" => FeatureStatus.Null,
            "NOT_FOUND" => FeatureStatus.NotFound,
            "OUTSIDE_MAX_AGE" => FeatureStatus.OutsideMaxAge,
            var other => throw node.Error($"status is '{other}'; expected PRESENT, NULL, NOT_FOUND or OUTSIDE_MAX_AGE"),
        };
        var online = node.Text("online", "");
        return new ExpectedCell(
            value,
            status,
            node.Text("defaulted", "false") == "true",
            node.Has("event_time") && !node.Get("event_time").Value(FeatureType.Int64).IsNull ? node.Integer("event_time") : null,
            node.Has("event_time"),
            online is "" or "UNAVAILABLE" ? online != "" : throw node.Error($"online is '{online}'; expected UNAVAILABLE"));
    }

    private static FeatureValue ReadKey(ContractNode node, FeatureType type) => node.Has("key")
        ? node.Get("key").Value(type)
        : type == FeatureType.Int64 ? FeatureValue.FromInt64(1) : FeatureValue.FromString("a");
}
