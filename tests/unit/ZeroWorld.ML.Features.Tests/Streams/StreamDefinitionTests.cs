namespace ZeroWorld.ML.Features.Tests;

public sealed class StreamDefinitionTests
{
    [Fact]
    public void Load_ViewOfAStream_HasItsTimesAndIds()
    {
        var set = Load("topic: tx", "event_time: AT");
        var source = set.Views[0].Source;

        Assert.Equal(("tx", "zeroworld.default.payments", "{tx}.dead"), (source.Stream!.Topic, source.Stream.Group, source.Stream.DeadLetterTopic));
        Assert.Equal((EventStream.ArrivalColumn, EventStream.PositionColumn), (source.CreatedTimeColumn, source.EventIdColumn));
        Assert.Equal(set.Streams[0], source.Stream);
        Assert.True(source.IsFedOnline);
    }

    [Theory]
    [InlineData("topic: tx", "event_time: CARD", "column 'CARD' of stream 'payments' is int64; the view expects timestamp")]
    [InlineData("topic: tx", "event_time: AT, event_id: AMOUNT", "column 'AMOUNT' of stream 'payments' is float64; the view expects int64 or string")]
    [InlineData("topic: tx", "event_time: NEVER", "stream 'payments' has no column 'NEVER'")]
    [InlineData("topic: tx", "event_time: AT, push: true", "'push' is true, but table 'payments' is a stream")]
    [InlineData("topic: 'a b'", "event_time: AT", "'topic' of a stream is 'a b'; expected the name of a topic")]
    [InlineData("topic: tx, dead_letters: tx", "event_time: AT", "'dead_letters' of a stream is its own topic 'tx'")]
    [InlineData("topic: tx, format: avro", "event_time: AT", "'format' of a stream is 'avro'; expected json")]
    public void Load_StreamThatDoesNotFit_SaysWhy(string stream, string source, string expected) =>
        Assert.Contains(expected, Assert.Throws<FeatureException>(() => Load(stream, source)).Message, StringComparison.Ordinal);

    [Fact]
    public void Plan_StreamThatChanges_IsShown()
    {
        var change = DefinitionPlan.Between(Load("topic: tx", "event_time: AT"), Load("topic: other", "event_time: AT")).Changes.Single(static change => change.Kind == DefinitionKind.Stream);

        Assert.Equal(DefinitionChangeKind.Changed, change.Change);
        Assert.Contains("topic: \"tx\" -> \"other\"", change.Details);
    }

    private static DefinitionSet Load(string stream, string source) => DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
        version: 1
        entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
        streams:
          - { name: payments, kind: redis, {{stream}}, columns: [ { name: CARD, type: int64 }, { name: AT, type: timestamp, unit: ms }, { name: AMOUNT, type: float64 } ] }
        feature_views:
          - { name: uses, entity: card, source: { table: payments, {{source}}, keys: { card_id: CARD } }, window: {}, features: [ { name: n, aggregate: count, window: 1h } ] }
        """)]);
}
