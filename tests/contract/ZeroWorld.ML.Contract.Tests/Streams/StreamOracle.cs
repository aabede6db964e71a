using System.Text.Json;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What the views must hold, event by event and without any of the product's reading, grouping or retrying.</summary>
internal static class StreamOracle
{
    public static EntityId CardOf(long card) => new("default", "card", $"i{card}");

    /// <summary>Writes each event by itself, the first of each id.</summary>
    public static async Task<MemoryOnlineStore> WriteAsync(DefinitionSet set, IReadOnlyList<string> events)
    {
        var store = new MemoryOnlineStore();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in events)
        {
            using var item = JsonDocument.Parse(text);
            var root = item.RootElement;
            if (!seen.Add(root.GetProperty("id").GetString()!))
            {
                continue;
            }

            var (at, known) = (root.GetProperty("at").GetInt64(), root.GetProperty("known").GetInt64());
            var (card, amount) = (CardOf(root.GetProperty("card").GetInt64()), FeatureValue.FromFloat64(root.GetProperty("amount").GetDouble()));
            foreach (var field in StreamDefinitions.FieldsOf(set))
            {
                if (!field.IsWindow)
                {
                    var row = OnlineRowCodec.Encode(field, at, known, [amount, FeatureValue.FromString(root.GetProperty("shop").GetString()!)]);
                    await store.WriteRowsAsync(field, [new OnlineRowWrite(card, row)], CancellationToken.None);
                    continue;
                }

                var builder = new WindowBlockBuilder(field);
                builder.Add(at, known, FeatureValue.FromString(root.GetProperty("id").GetString()!), card.Key, [amount]);
                var trim = at - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
                await store.AppendEventsAsync(field, [new WindowAppend(card, builder.Build())], trim, CancellationToken.None);
            }
        }

        return store;
    }

    /// <summary>Compares the bytes of every card in every view.</summary>
    public static async Task AssertEqualAsync(DefinitionSet set, IOnlineStore expected, IOnlineStore actual)
    {
        foreach (var field in StreamDefinitions.FieldsOf(set))
        {
            for (var card = 0; card < 5; card++)
            {
                Assert.Equal(await ReadAsync(expected, field, card), await ReadAsync(actual, field, card));
            }
        }
    }

    private static async Task<string> ReadAsync(IOnlineStore store, StorageField field, long card)
    {
        var read = new OnlineRead(CardOf(card), [field]);
        await store.ReadAsync([read], CancellationToken.None);
        return $"{field.View.Name} of card {card}: {(read.Payloads[0] is { } bytes ? Convert.ToHexString(bytes.Span) : "nothing")}";
    }
}
