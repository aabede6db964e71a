using System.Text.Json;
using System.Text.RegularExpressions;

namespace ZeroWorld.ML.Features.Tests;

public sealed partial class DefinitionSchemaTests
{
    // Every object once, with a property that there is not: the loader's answer lists those that there are.
    private const string Everything = """
        version: 1
        zz: 1
        entities:
          - { name: account, zz: 1, keys: [{ name: id, type: int64, zz: 1 }] }
          - { name: other, keys: [{ name: other_id, type: int64 }] }
        streams:
          - { name: s, kind: redis, topic: t, zz: 1, columns: [{ name: c, type: int64, zz: 1 }] }
        feature_views:
          - name: balances
            zz: 1
            entity: other
            source: { table: t, event_time: at, zz: 1, where: w = 1, columns: [{ name: w, type: int64, zz: 1 }] }
            features: [{ name: amount, type: float64, zz: 1, bounds: { min: 0, zz: 1 } }]
          - name: windows
            entity: other
            source: { table: t, event_time: at }
            window: { zz: 1 }
            features: [{ name: sums, aggregate: none, of: amount, type: none, window: 1h, zz: 1 }]
        feature_services:
          - name: service
            zz: 1
            aliases: [{ name: one, entity: other, zz: 1 }]
            request: [{ name: value, type: none, zz: 1 }]
            transforms: [{ name: change, type: int64, expression: "1", zz: 1 }]
            features: [change]
        """;

    private static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["a definition file"] = "",
        ["an entity"] = "entity",
        ["a key"] = "key",
        ["a stream"] = "stream",
        ["a column of a stream"] = "stream_column",
        ["a feature view"] = "feature_view",
        ["a source"] = "source",
        ["a column of a source"] = "source_column",
        ["a feature"] = "feature",
        ["bounds"] = "bounds",
        ["a window"] = "window",
        ["a feature of a windowed view"] = "window_feature",
        ["a feature service"] = "feature_service",
        ["an alias"] = "alias",
        ["a request value"] = "request_value",
        ["a transform"] = "transform",
    };

    [Fact]
    public void Schema_Properties_AreThoseThatTheLoaderTakes()
    {
        using var schema = JsonDocument.Parse(DefinitionSchema.Read());
        var answer = Assert.Throws<FeatureException>(static () => DefinitionLoader.Load([new DefinitionFile("all.yaml", Everything)])).Message;

        var found = UnknownPattern().Matches(answer);

        Assert.Equal(Kinds.Keys.Order(), found.Select(static match => match.Groups["what"].Value).Order());
        foreach (Match match in found)
        {
            var node = Kinds[match.Groups["what"].Value] is { Length: > 0 } name ? schema.RootElement.GetProperty("$defs").GetProperty(name) : schema.RootElement;
            Assert.Equal(
                match.Groups["known"].Value.Split(", ").Order(StringComparer.Ordinal),
                node.GetProperty("properties").EnumerateObject().Select(static property => property.Name).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Schema_Choices_AreThoseThatTheLoaderTakes()
    {
        using var schema = JsonDocument.Parse(DefinitionSchema.Read());
        var definitions = schema.RootElement.GetProperty("$defs");
        var answer = Assert.Throws<FeatureException>(static () => DefinitionLoader.Load([new DefinitionFile("all.yaml", Everything)])).Message;

        Assert.Contains($"'type' of a request value is 'none'; expected one of: {Choices(definitions.GetProperty("type"))}", answer, StringComparison.Ordinal);
        Assert.Contains(
            $"'aggregate' of a feature is 'none'; expected one of: {Choices(definitions.GetProperty("window_feature").GetProperty("properties").GetProperty("aggregate"))}",
            answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_RequiredProperties_AreMissedByTheLoader()
    {
        using var schema = JsonDocument.Parse(DefinitionSchema.Read());
        foreach (var (kind, yaml) in new[]
        {
            ("entity", "entities: [{}]"), ("key", "entities: [{ name: a, keys: [{}] }]"), ("stream", "streams: [{}]"), ("stream_column", "streams: [{ name: a, columns: [{}] }]"), ("feature_view", "feature_views: [{}]"), ("feature_service", "feature_services: [{}]"),
            ("alias", "feature_services: [{ name: a, features: [b], aliases: [{}] }]"), ("transform", "feature_services: [{ name: a, features: [b], transforms: [{}] }]"),
        })
        {
            var answer = Assert.Throws<FeatureException>(() => DefinitionLoader.Load([new DefinitionFile("a.yaml", $"version: 1\n{yaml}")])).Message;
            foreach (var required in schema.RootElement.GetProperty("$defs").GetProperty(kind).GetProperty("required").EnumerateArray())
            {
                Assert.Contains($"'{required.GetString()}' of ", answer, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("int64_list, expression: text_ids(word)", "int64_list, expression: text_ids(word)")]
    [InlineData("ttl: 1h", "ttl: 0001us")]
    [InlineData("event_time: at }, ttl", "event_time: at, where: w = 1, columns: [{ name: w, type: int64 }] }, ttl")]
    [InlineData("name: word, type: string }]", "name: word, type: string }, { name: at, type: timestamp, default: ' 2018-08-08t12:00:00.5+02:00' }]")]
    [InlineData("name: word, type: string }]", "name: word, type: string }, { name: code, type: bytes, default: 'AA E=' }]")]
    [InlineData("aggregate: count,", "aggregate: first, of: x, type: int64, default: 1,")]
    [InlineData("ttl: 1h", "ttl: 36500d, description: d, tags: { a: b }")]
    [InlineData("label_delay: 0", "label_delay: 0d, include_request: {}, history: 3153600000000000us")]
    [InlineData("label_delay: 0 }, features: [{ name: c, aggregate: count,", "precision: hop }, features: [{ name: c, aggregate: first, of: x, type: string, hop: 1m, default: x,")]
    [InlineData("name: a, type: float64", "name: a, type: float32, default: .inf")]
    [InlineData("name: word, type: string", "name: word, type: string, default: '2'")]
    [InlineData("label_delay: 0", "label_delay: 2d")]
    [InlineData("bounds: { min: 0 }", "bounds: { max: 1.5 }")]
    [InlineData("aggregate: count,", "aggregate: percentile, p: 0.5, of: x,")]
    public void Schema_GoodDefinitions_AreTakenByBoth(string text, string other)
    {
        var yaml = Change(text, other);

        Assert.NotEmpty(DefinitionLoader.Load([new DefinitionFile("good.yaml", yaml)]).Views);
        Assert.True(IsTaken(yaml));
    }

    [Theory]
    [InlineData("version: 1", "version: 2")]
    [InlineData("version: 1\n", "")]
    [InlineData("name: account", "name: Account")]
    [InlineData("type: bytes", "type: string_list")]
    [InlineData("keys: [{ name: id, type: bytes }]", "keys: []")]
    [InlineData("ttl: 1h", "tll: 1h")]
    [InlineData("ttl: 1h", "ttl: 30")]
    [InlineData("ttl: 1h", "ttl: 0")]
    [InlineData("ttl: 1h", "ttl: 0d")]
    [InlineData("ttl: 1h", "ttl: 1.5h")]
    [InlineData("ttl: 1h", "window: {}")]
    [InlineData("event_time: at }, ttl", "event_time: at, columns: [{ name: w, type: int64 }] }, ttl")]
    [InlineData("event_time: at }, ttl", "event_time: at, where: 1, columns: [{ name: w, type: int64 }] }, ttl")]
    [InlineData("event_time: at }, ttl", "event_time: at, where: w, columns: [{ name: w, type: none }] }, ttl")]
    [InlineData("source: { table: t, event_time: at }, ttl", "source: { table: t }, ttl")]
    [InlineData("bounds: { min: 0 }", "bounds: {}")]
    [InlineData("bounds: { min: 0 }", "bounds: { min: [0] }")]
    [InlineData("type: float64, bounds", "aggregate: count, window: 1h, bounds")]
    [InlineData("type: string }", "type: string_list, default: x }")]
    [InlineData("label_delay: 0", "label_delay: 7")]
    [InlineData("label_delay: 0", "label_delay: 0, max_events: 0")]
    [InlineData("label_delay: 0", "label_delay: 0, precision: exakt")]
    [InlineData("label_delay: 0 }", "label_delay: 0 }, ttl: 1d")]
    [InlineData("aggregate: count, window: 1h", "aggregate: count")]
    [InlineData("aggregate: count, window: 1h", "type: int64")]
    [InlineData("aggregate: count,", "aggregate: count, k: 3,")]
    [InlineData("aggregate: count,", "aggregate: count, p: 0.5,")]
    [InlineData("aggregate: count,", "aggregate: sum,")]
    [InlineData("aggregate: count,", "aggregate: cnt,")]
    [InlineData("aggregate: count,", "aggregate: percentile, of: x,")]
    [InlineData("aggregate: count,", "aggregate: percentile, of: x, p: 2,")]
    [InlineData("aggregate: count,", "aggregate: last_k, of: x,")]
    [InlineData("aggregate: count,", "aggregate: top_k, of: x, k: 0,")]
    [InlineData("aggregate: count,", "aggregate: top_k, of: x, k: 3, default: 1,")]
    [InlineData("aggregate: count, window: 1h", "aggregate: count, window: 0h")]
    [InlineData("type: int64_list, expression", "type: bytes, expression")]
    [InlineData("expression: text_ids(word)", "expression: ''")]
    [InlineData("features: [ids,", "features: [ids, last.,")]
    [InlineData("features: [ids, last.*, sums.*]", "features: []")]
    [InlineData("features: [ids,", "features: [ids, ids,")]
    [InlineData("features: [ids,", "features: [time,")]
    [InlineData("features: [ids,", "features: [a.last.a.*,")]
    [InlineData("name: id, type: bytes", "name: time, type: bytes")]
    [InlineData("name: word, type: string", "name: time, type: string")]
    [InlineData("name: word, type: string", "name: word, type: bool, default: 1")]
    [InlineData("name: word, type: string", "name: word, type: string, default: 1")]
    [InlineData("name: word, type: string", "name: word, type: timestamp, default: 1")]
    [InlineData("name: word, type: string", "name: word, type: timestamp, default: 2018-08-08T12:00:00")]
    [InlineData("name: word, type: string", "name: word, type: bytes, default: '??'")]
    [InlineData("name: b, type: string", "name: b, type: timestamp, bounds: { min: 2018-08-08 }")]
    [InlineData("aggregate: count,", "aggregate: last, of: x, type: string, default: 1,")]
    [InlineData("aggregate: count,", "aggregate: last, of: x, type: int64, default: 1.5,")]
    [InlineData("name: a, type: float64", "name: a, type: float64, default: x")]
    [InlineData("name: a, type: float64", "name: a, type: int64, default: 1.5")]
    [InlineData("name: a, type: float64", "name: a, type: string")]
    [InlineData("name: a, type: float64", "name: a, type: float64_list")]
    [InlineData("bounds: { min: 0 }", "bounds: { min: low }")]
    [InlineData("event_time: at }, ttl", "event_time: \"a\\u0007t\" }, ttl")]
    [InlineData("ttl: 1h", "ttl: 36501d")]
    [InlineData("ttl: 1h", "ttl: 876001h")]
    [InlineData("label_delay: 0", "label_delay: 0, history: 3153600000001ms")]
    [InlineData("ttl: 1h", "description: ''")]
    [InlineData("ttl: 1h", "tags: { a: '' }")]
    [InlineData("label_delay: 0", "label_delay: 1h, include_request: { c: word }")]
    [InlineData("aggregate: count,", "aggregate: sum, of: x, type: string,")]
    [InlineData("aggregate: count,", "aggregate: count, type: int64,")]
    [InlineData("aggregate: count,", "aggregate: count, hop: 1m,")]
    [InlineData("aggregate: count,", "aggregate: count, default: x,")]
    [InlineData("aggregate: count,", "aggregate: mean, of: x, default: x,")]
    [InlineData("aggregate: count,", "aggregate: last_k, of: x, k: 3, bounds: { min: 0 },")]
    public void Schema_BadDefinitions_AreRefusedByBoth(string text, string other)
    {
        var yaml = Change(text, other);

        Assert.Throws<FeatureException>(() => DefinitionLoader.Load([new DefinitionFile("bad.yaml", yaml)]));
        Assert.False(IsTaken(yaml));
    }

    [Fact]
    public void Documents_ExampleOfEveryProperty_IsTakenByBoth()
    {
        using var stream = typeof(DefinitionSchemaTests).Assembly.GetManifestResourceStream("definitions.md")!;
        using var reader = new StreamReader(stream);
        var page = reader.ReadToEnd();
        var start = page.IndexOf("```yaml\n", StringComparison.Ordinal) + 8;
        var yaml = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];

        var set = DefinitionLoader.Load([new DefinitionFile("definitions.yaml", yaml)]);

        Assert.Equal(["customer_profile", "customer_spending"], set.Views.Select(static view => view.Name));
        Assert.True(IsTaken(yaml));
    }

    private static string Change(string text, string other)
    {
        const string Good = """
            version: 1
            entities:
              - { name: account, keys: [{ name: id, type: bytes }] }
            feature_views:
              - { name: last, entity: account, source: { table: t, event_time: at }, ttl: 1h, features: [{ name: a, type: float64, bounds: { min: 0 } }, { name: b, type: string }] }
              - { name: sums, entity: account, source: { table: t, event_time: at }, window: { label_delay: 0 }, features: [{ name: c, aggregate: count, window: 1h }] }
            feature_services:
              - name: all
                request: [{ name: word, type: string }]
                transforms: [{ name: ids, type: int64_list, expression: text_ids(word) }]
                features: [ids, last.*, sums.*]
            """;
        Assert.Contains(text, Good, StringComparison.Ordinal);
        return text.Length == 0 ? Good : Good.Replace(text, other, StringComparison.Ordinal);
    }

    private static bool IsTaken(string yaml)
    {
        using var schema = JsonDocument.Parse(DefinitionSchema.Read());
        var root = YamlTreeReader.Read(new DefinitionFile("a.yaml", yaml), new DefinitionErrors());
        Assert.NotNull(root);
        return new JsonSchemaCheck(schema.RootElement).Takes(root);
    }

    private static string Choices(JsonElement schema) => string.Join(", ", schema.GetProperty("enum").EnumerateArray().Select(static choice => choice.GetString()));

    [GeneratedRegex("unknown property 'zz' of (?<what>[^;]+); expected one of: (?<known>[a-z_, ]+)")]
    private static partial Regex UnknownPattern();
}
