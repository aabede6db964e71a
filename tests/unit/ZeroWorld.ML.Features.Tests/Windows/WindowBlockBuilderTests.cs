namespace ZeroWorld.ML.Features.Tests;

public sealed class WindowBlockBuilderTests
{
    public static TheoryData<string, long, long, double?, long?> Events => new()
    {
        { "plain", 20, 7, 1.5, 3 },
        { "a smaller id than none has", 20, long.MinValue, 1.5, -3 },
        { "the greatest id", 20, long.MaxValue, double.MaxValue, long.MaxValue },
        { "no float64", 20, 7, null, 3 },
        { "no int64", 20, 7, 1.5, null },
        { "no value at all", 20, 7, null, null },
        { "a negative zero, which files do not keep", 20, 7, -0.0, 0 },
        { "no number", 20, 7, double.NaN, long.MinValue },
        { "before all others", long.MinValue, 7, double.NegativeInfinity, 3 },
        { "an id that is there", 99, 1, 1.5, 3 },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public void AddNumbers_AnyEvent_MakesTheBlockThatItsValuesMake(string name, long eventTime, long eventId, double? number, long? integer)
    {
        Assert.NotEmpty(name);
        var (field, first) = (Field(), new long?[] { BitConverter.DoubleToInt64Bits(4), 5L });
        var (byValues, byNumbers) = (new WindowBlockBuilder(field), new WindowBlockBuilder(field));
        FeatureValue[] values =
        [
            number is { } real ? FeatureValue.FromFloat64(real) : FeatureValue.Null(FeatureType.Float64),
            integer is { } whole ? FeatureValue.FromInt64(whole) : FeatureValue.Null(FeatureType.Int64),
        ];

        var expected = (byValues.Add(10, 11, FeatureValue.FromInt64(1), "i1", [FeatureValue.FromFloat64(4), FeatureValue.FromInt64(5)]), byValues.Add(eventTime, 30, FeatureValue.FromInt64(eventId), "i1", values));
        var added = (byNumbers.AddNumbers(10, 11, 1, first), byNumbers.AddNumbers(eventTime, 30, eventId, [number is { } bits ? BitConverter.DoubleToInt64Bits(bits) : null, integer]));

        Assert.Equal(expected, added);
        Assert.Equal((byValues.Count, byValues.Newest), (byNumbers.Count, byNumbers.Newest));
        Assert.Equal(byValues.Build(), byNumbers.Build());
    }

    [Fact]
    public void Build_InMemoryThatWasUsed_WritesOverAllOfIt()
    {
        var builder = new WindowBlockBuilder(Field());
        builder.AddNumbers(20, 21, 2, [1, null]);
        builder.AddNumbers(10, 11, 1, [null, 2]);
        var used = new byte[200];
        Array.Fill(used, (byte)0xa5);

        var block = builder.Build(trim: 10, length => used.AsMemory(7, length));

        Assert.Equal(builder.Build(trim: 10), block.ToArray());
        Assert.Equal(0xa5, used[6]);
        Assert.Equal(0xa5, used[7 + block.Length]);
    }

    private static StorageField Field() => StorageField.Of(
        DefinitionLoader.Load([new DefinitionFile("a.yaml", """
            version: 1
            entities: [ { name: card, keys: [ { name: card_id, type: int64 } ] } ]
            feature_views:
              - { name: uses, entity: card, source: { table: uses, event_time: at, event_id: id }, window: { history: 40d },
                  features: [ { name: s, aggregate: sum, of: amount, window: 1d }, { name: l, aggregate: last_k, k: 3, of: shop, type: int64, window: 1d } ] }
            """)]).Views[0],
        hasIntegerEventId: true);
}
