namespace ZeroWorld.ML.Features.Tests;

public sealed class WindowDefinitionTests
{
    private const string Text = """
        version: 1
        entities:
          - { name: card, keys: [ { name: card_id, type: int64 } ] }
        feature_views:
          - name: uses
            entity: card
            source: { table: cards, event_time: AT, event_id: USE, keys: { card_id: ID } }
            window: { precision: hop, history: 6h, include_request: { SHOP: shop, SPENT: amount } }
            features:
              - { name: shops, aggregate: last_k, k: 5, of: SHOP, type: string, window: 30d }
              - { name: kinds, aggregate: count_distinct, of: SHOP, window: 12h }
              - { name: newest, aggregate: last, of: SHOP, window: 1d, default: none }
              - { name: p90, aggregate: percentile, p: 0.9, of: SPENT, window: 1h, hop: 1m }
              - { name: rows, aggregate: count, window: 1h }
        feature_services:
          - name: service
            request: [ { name: shop, type: string }, { name: amount, type: float64 } ]
            features: [ uses.* ]
        """;

    [Fact]
    public void Load_AggregatesAndHops_GivesTheirTypes()
    {
        var view = Assert.IsType<WindowedView>(Load(Text).GetView("uses"));

        Assert.Equal(WindowPrecision.Hop, view.Precision);
        Assert.Equal(
            [FeatureType.StringList, FeatureType.Int64, FeatureType.String, FeatureType.Float64, FeatureType.Int64],
            view.Fields.Select(static field => field.Type));
        Assert.Equal([new StoredColumn("SHOP", FeatureType.String), new StoredColumn("SPENT", FeatureType.Float64)], view.StoredColumns);
        Assert.Equal((5, 0.9), (view.Features[0].Length, view.Features[3].Rank));
        Assert.Equal(
            [TimeSpan.FromDays(1), TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)],
            view.Features.Select(HopLadder.Of));
        Assert.Equal(TimeSpan.FromDays(31) + TimeSpan.FromHours(6), view.Retention);
        Assert.Equal(FeatureValue.FromString("none"), view.Fields[2].Default);
    }

    [Theory]
    [InlineData("precision: hop", "precision: exact", "hop: 1m", "")]
    [InlineData("k: 5", "k: 6", "", "")]
    [InlineData("p: 0.9", "p: 0.5", "", "")]
    [InlineData(", hop: 1m", "", "", "")]
    public void Fingerprint_OfWhatChangesAValue_Changes(string text, string changed, string alsoText, string alsoChanged)
    {
        var other = Text.Replace(text, changed, StringComparison.Ordinal);
        other = alsoText.Length == 0 ? other : other.Replace($", {alsoText}", alsoChanged, StringComparison.Ordinal);

        Assert.NotEqual(Load(Text).GetService("service").Fingerprint, Load(other).GetService("service").Fingerprint);
    }

    [Fact]
    public void StorageField_OfTiles_ChangesWithWhatTheyHold()
    {
        Assert.NotEqual(Field(Text), Field(Text.Replace("k: 5", "k: 6", StringComparison.Ordinal)));
        Assert.NotEqual(Field(Text), Field(Text.Replace(", hop: 1m", "", StringComparison.Ordinal)));
        Assert.NotEqual(Field(Text), Field(Text.Replace("precision: hop", "precision: exact", StringComparison.Ordinal).Replace(", hop: 1m", "", StringComparison.Ordinal)));
        Assert.Equal(Field(Text), Field(Text.Replace("window: 30d", "window: 20d", StringComparison.Ordinal)));

        static string Field(string text) => StorageField.Of(Load(text).GetView("uses"), hasIntegerEventId: true).Name;
    }

    [Theory]
    [InlineData("type: string }", "include_request of view 'uses' names 'shop', which is int64", "type: int64 }")]
    [InlineData("aggregate: count_distinct, of: SHOP", "column 'SHOP' is int64 here and string above", "aggregate: count_distinct, of: SHOP, type: int64")]
    [InlineData("hop: 1m", "'hop' of a feature is 2m, none of the tile sizes; expected one of: 5s, 1m, 5m, 1h, 1d", "hop: 2m")]
    public void Load_WhatDoesNotFit_IsRefused(string text, string expected, string changed)
    {
        var exception = Assert.Throws<FeatureException>(() => Load(Text.Replace(text, changed, StringComparison.Ordinal)));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TransformOfAList_ReadsItAsAVector()
    {
        var text = Text.Replace("features: [ uses.* ]", "transforms: [ { name: t, type: int64, expression: size(shops) } ]\n    features: [ uses.*, t ]", StringComparison.Ordinal);

        Assert.Equal("size@1(shops)", TransformProgram.CompileAll(Load(text).GetService("service"))[0].Canonical);
    }

    private static DefinitionSet Load(string text) => DefinitionLoader.Load([new DefinitionFile("a.yaml", text)]);
}
