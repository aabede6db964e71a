using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class YamlTextTests
{
    [Fact]
    public void Write_View_IsWhatAFileMayHold()
    {
        var view = """
            {"name":"v","description":"true","tags":{"tier":"1"},"entity":"e","source":{"table":"t","event_time":"at","keys":{"k":"K, ey","off":"-"},"allowed_skew":"5m"},"ttl":"10d",
            "features":[{"name":"a","type":"float64","column":"a b","default":".nan","bounds":{"min":"-.inf","max":1.5}},{"name":"s","type":"string","column":"x: y #","default":".nan"}]}
            """;

        Assert.Equal(
            """
            feature_views:
              - name: v
                description: "true"
                tags: { tier: "1" }
                entity: e
                source: { table: t, event_time: at, keys: { k: "K, ey", "off": "-" }, allowed_skew: 5m }
                ttl: 10d
                features:
                  - { name: a, type: float64, column: a b, default: .nan, bounds: { min: -.inf, max: 1.5 } }
                  - { name: s, type: string, column: "x: y #", default: ".nan" }

            """,
            Write("feature_views", view));
    }

    [Fact]
    public void Write_LongLines_LoadAsTheSame()
    {
        var expression = string.Concat(Enumerable.Repeat("x + ", 60)) + "1";
        var wide = string.Join(", ", Enumerable.Range(0, 40).Select(static n => $"{{ name: feature_number_{n}, type: float64, description: 'long, with \"quotes\" {n}' }}"));
        var source = $$"""
            version: 1
            entities: [{ name: e, description: "{{new string('d', 200)}}", keys: [{ name: k, type: int64 }] }]
            feature_views:
              - { name: v, entity: e, source: { table: t, event_time: "{{new string('c', 100)}}", keys: { k: "{{new string('q', 90)}}" } }, features: [{{wide}}] }
            feature_services:
              - { name: s, request: [{ name: x, type: float64, default: .inf }], transforms: [{ name: y, type: float64, expression: {{expression}} }], features: [x, y, v.*] }
            """;
        var set = Load(source);

        var text = "version: 1\n" + Write("entities", DefinitionJson.Of(set.Entities[0])) + Write("feature_views", DefinitionJson.Of(set.Views[0]))
            + Write("feature_services", DefinitionJson.Of(set.Services[0]));

        var plan = DefinitionPlan.Between(set, Load(text));
        Assert.All(plan.Changes, static change => Assert.Equal((DefinitionChangeKind.Unchanged, ""), (change.Change, string.Join('\n', change.Texts))));
    }

    [Theory]
    [InlineData("a smile: \U0001f600")]
    [InlineData("turned \u202e round, \u0085 next, \u2028 line, \ufeff mark, C:\\folder \"quoted\"")]
    public void Write_AnyText_LoadsAsTheSameAndSendsNothingThatATerminalObeys(string description)
    {
        var set = Load($"version: 1\nentities: [{{ name: e, description: {JsonSerializer.Serialize(description).Replace("\\uD83D\\uDE00", "\U0001f600", StringComparison.Ordinal)}, keys: [{{ name: k, type: int64 }}] }}]");

        var text = Write("entities", DefinitionJson.Of(set.Entities[0]));

        Assert.Equal(description, Load("version: 1\n" + text).Entities[0].Details.Description);
        Assert.Equal(ShownText.Lines(text), text);
    }

    private static DefinitionSet Load(string text) => DefinitionLoader.Load([new Features.DefinitionFile("a.yaml", text)]);

    private static string Write(string section, string json)
    {
        using var document = JsonDocument.Parse(json);
        return YamlText.Write(section, document.RootElement);
    }
}
