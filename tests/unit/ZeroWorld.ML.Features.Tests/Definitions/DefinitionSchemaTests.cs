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
            source: { table: t, event_time: at, zz: 1 }
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

    private static string Choices(JsonElement schema) => string.Join(", ", schema.GetProperty("enum").EnumerateArray().Select(static choice => choice.GetString()));

    [GeneratedRegex("unknown property 'zz' of (?<what>[^;]+); expected one of: (?<known>[a-z_, ]+)")]
    private static partial Regex UnknownPattern();
}
