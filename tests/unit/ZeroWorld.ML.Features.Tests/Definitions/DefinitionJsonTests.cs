namespace ZeroWorld.ML.Features.Tests;

public sealed class DefinitionJsonTests
{
    private const string Everything = """
        version: 1
        project: shop
        entities:
          - { name: shop, description: One of ours., owner: trade, tags: { tier: gold }, keys: [{ name: shop_id, type: int64, description: Its number. }, { name: region, type: string }] }
        streams:
          - name: clicks
            kind: kafka
            topic: clicks
            archive: false
            columns: [{ name: AT, type: timestamp, unit: ns }, { name: shop_id, type: int64, field: s }, { name: region, type: string }, { name: X, type: float64 }]
        feature_views:
          - name: profile
            entity: shop
            tags: { team: risk }
            source: { table: shops, event_time: at, created_time: "known at", keys: { shop_id: ID }, allowed_skew: 90s }
            ttl: 36h
            features:
              - { name: since, type: timestamp, default: "2020-01-01T00:00:00.5Z" }
              - { name: mark, type: string, column: "a: b", default: ".inf", description: What it sells., tags: { pii: "no" } }
              - { name: rate, type: float64, default: .nan, bounds: { min: -.inf, max: 1.5 } }
              - { name: share, type: float32, default: 0.1, required: true }
              - { name: far, type: float64, default: -.inf }
              - { name: big, type: int64, default: 9223372036854775807 }
              - { name: logo, type: bytes, default: AAE= }
              - { name: open, type: bool, default: false }
              - { name: items, type: string_list }
          - name: pushed
            entity: shop
            source: { table: pushed, event_time: at, push: true, allowed_skew: 0, where: 'amount > 0 and note = "a''b"', columns: [{ name: note, type: string }] }
            features: [{ name: amount, type: float64 }]
          - name: visits
            entity: shop
            source: { table: clicks, event_time: AT }
            window: { precision: hop, label_delay: 90m, max_events: 17, history: 0 }
            features:
              - { name: n, aggregate: count, window: 7d, owner: web }
              - { name: p, aggregate: percentile, p: 0.95, of: X, window: 30d, hop: 5s, default: 0, bounds: { max: 9 } }
          - name: sales
            entity: shop
            source: { table: sales, event_time: at, event_id: id }
            window: { include_request: { amount: amount } }
            features:
              - { name: mean, aggregate: mean, of: amount, window: 1500ms }
              - { name: last, aggregate: last_k, k: 5, of: item, type: string, window: 100us }
              - { name: kinds, aggregate: count_distinct, of: kind, type: int64, window: 36500d, required: true, default: 0 }
          - name: calls
            entity: shop
            source: { table: sales, event_time: at }
            window: { include_request: {} }
            features: [{ name: calls, aggregate: count, window: 1d }]
        feature_services:
          - name: fraud
            owner: risk
            aliases: [{ name: other, entity: shop, keys: { region: where } }]
            request: [{ name: amount, type: float64, default: 2.5, description: In euros. }, { name: note, type: string }]
            transforms: [{ name: long, type: bool, expression: 'length(note) > 10 or note = "a''b"', tags: { kind: text } }]
            features: [long, amount, profile.mark, other.profile.*, visits.*, sales.*, calls.calls]
          - name: plain
            features: [profile.rate]
        """;

    [Fact]
    public void Of_EveryKindOfDefinition_LoadsAsTheSame()
    {
        var set = DefinitionTexts.Load(Everything);

        var again = DefinitionTexts.Load(FileOf(set));

        var plan = DefinitionPlan.Between(set, again);
        Assert.Equal(set.Entities.Count + set.Streams.Count + set.Views.Count + set.Services.Count, plan.Changes.Count);
        Assert.All(plan.Changes, static change => Assert.Equal((change.Name, DefinitionChangeKind.Unchanged, ""), (change.Name, change.Change, string.Join('\n', change.Texts))));
        Assert.Equal(FileOf(set), FileOf(again));
    }

    [Fact]
    public void Of_WindowedView_SaysWhatTheFileSays()
    {
        var json = DefinitionJson.Of(DefinitionTexts.Load(Everything).GetView("visits"));

        Assert.Equal(
            """{"name":"visits","entity":"shop","source":{"table":"clicks","event_time":"AT","created_time":"__arrival","event_id":"__position","keys":{"shop_id":"shop_id","region":"region"},"allowed_skew":"5m"}"""
            + ""","window":{"precision":"hop","label_delay":"90m","max_events":17,"history":"0"},"features":[{"name":"n","aggregate":"count","window":"7d","hop":"1h","owner":"web"}"""
            + """,{"name":"p","aggregate":"percentile","p":0.95,"of":"X","type":"float64","window":"30d","hop":"5s","default":0,"bounds":{"max":9}}]}""",
            json);
    }

    [Fact]
    public void Between_OnlyTheTextsOfItemsDiffer_TellsThem()
    {
        var changes = DefinitionPlan.Between(
            DefinitionTexts.Load(Everything),
            DefinitionTexts.Load(Everything.Replace("What it sells.", "What is sold there.", StringComparison.Ordinal).Replace("owner: web", "owner: shop", StringComparison.Ordinal)
                .Replace("Its number.", "A number.", StringComparison.Ordinal).Replace("In euros.", "In cents.", StringComparison.Ordinal).Replace("kind: text", "kind: note", StringComparison.Ordinal))).Changes;

        Assert.All(changes, static change => Assert.Equal(DefinitionChangeKind.Unchanged, change.Change));
        Assert.Equal(
            [
                "keys[shop_id].description: \"Its number.\" -> \"A number.\"",
                "features[mark].description: \"What it sells.\" -> \"What is sold there.\"",
                "features[n].owner: \"web\" -> \"shop\"",
                "request[amount].description: \"In euros.\" -> \"In cents.\"",
                "transforms[long].tags.kind: \"text\" -> \"note\"",
            ],
            changes.SelectMany(static change => change.Texts));
    }

    [Fact]
    public void Between_AnotherAggregate_IsToldByItsName()
    {
        var changes = DefinitionPlan.Between(DefinitionTexts.Load(Everything), DefinitionTexts.Load(Everything.Replace("aggregate: mean", "aggregate: stddev", StringComparison.Ordinal))).Changes;

        Assert.Equal(["features[mean].aggregate: mean -> stddev"], Assert.Single(changes, static change => change.Name == "sales").Details);
    }

    // As a file has it, but for numbers that JSON does not have and that stand in quotes here.
    private static string FileOf(DefinitionSet set)
    {
        var sections = new[]
        {
            ("entities", set.Entities.Select(DefinitionJson.Of)), ("streams", set.Streams.Select(DefinitionJson.Of)),
            ("feature_views", set.Views.Select(DefinitionJson.Of)), ("feature_services", set.Services.Select(DefinitionJson.Of)),
        };
        var text = $"version: 1\nproject: {set.Project}\n" + string.Concat(sections.Select(static section => $"{section.Item1}:\n{string.Concat(section.Item2.Select(static item => $"  - {item}\n"))}"));
        foreach (var number in new[] { ".nan", "-.inf" })
        {
            text = text.Replace($"\"{number}\"", number, StringComparison.Ordinal);
        }

        return text;
    }
}
