namespace ZeroWorld.ML.Features.Tests;

public sealed class DefinitionPlanTests
{
    [Fact]
    public void Between_BoundsAloneDiffer_TellsThemAndChangesNoFingerprint()
    {
        var changes = DefinitionPlan.Between(Load("{ min: 0, max: 10 }", "{ min: 1 }"), Load("{ min: 0, max: .inf }", "{ max: 2.5 }")).Changes;

        Assert.All(changes, static change => Assert.Equal(DefinitionChangeKind.Unchanged, change.Change));
        Assert.Equal(
            ["features[a].bounds.max: 10 -> \".inf\"", "features[n].bounds.min: 1 -> (none)", "features[n].bounds.max: (none) -> 2.5"],
            changes.SelectMany(static change => change.Texts));
    }

    [Fact]
    public void Between_SameBounds_TellsNothing() =>
        Assert.All(DefinitionPlan.Between(Load("{ min: 0 }", "{ max: 2 }"), Load("{ min: 0 }", "{ max: 2 }")).Changes, static change => Assert.Empty(change.Texts));

    private static DefinitionSet Load(string value, string count) => DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
        version: 1
        entities: [{ name: e, keys: [{ name: k, type: int64 }] }]
        feature_views:
          - { name: v, entity: e, source: { table: t, event_time: at }, features: [{ name: a, type: float64, bounds: {{value}} }] }
          - { name: w, entity: e, source: { table: t, event_time: at }, window: {}, features: [{ name: n, aggregate: mean, of: x, window: 1h, bounds: {{count}} }] }
        """)]);
}
