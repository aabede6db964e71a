using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Made-up transactions, written straight into an online store: what a materialization leaves there.</summary>
internal static class FraudStore
{
    /// <summary>The newest moment of the made-up history.</summary>
    public static readonly DateTimeOffset Now = new(2018, 8, 8, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Writes <paramref name="events"/> transactions for each of <paramref name="entities"/> customers and terminals, ids from 1, and the coverage of their views.</summary>
    /// <remarks>Transaction i of an entity is i + 0.5 hours before <see cref="Now"/>, of amount 10 + i % 7, and a fraud when i % 5 is 0.</remarks>
    public static async Task FillAsync(IOnlineStore store, FeatureServicePlan plan, int entities, int events, CancellationToken cancellationToken)
    {
        foreach (var view in plan.Views)
        {
            var field = view.Field;
            foreach (var chunk in Enumerable.Range(1, entities).Chunk(500))
            {
                var appends = chunk.Select(entity => new WindowAppend(Id(field.View, entity), Block(field, entity, events))).ToArray();
                await store.AppendEventsAsync(field, appends, long.MinValue, cancellationToken);
            }

            await store.WriteCoverageAsync(field, new ViewCoverage(long.MinValue, Microseconds(Now)), cancellationToken);
        }
    }

    public static long Microseconds(DateTimeOffset time) => UnixMicroseconds.FromDateTimeOffset(time);

    public static double Amount(int index) => 10 + (index % 7);

    private static EntityId Id(FeatureView view, int entity) =>
        new(view.Project, view.Entity.Name, EntityKeyCodec.Encode(view.Entity, [FeatureValue.FromInt64(entity)]));

    private static byte[] Block(StorageField field, int entity, int events)
    {
        var block = new WindowBlockBuilder(field);
        var key = EntityKeyCodec.Encode(field.View.Entity, [FeatureValue.FromInt64(entity)]);
        for (var index = 0; index < events; index++)
        {
            var time = Microseconds(Now - TimeSpan.FromHours(index + 0.5));
            FeatureValue[] values =
            [
                .. field.View.StoredColumns.Select(column => FeatureValue.FromFloat64(column.Name == "TX_AMOUNT" ? Amount(index) : index % 5 == 0 ? 1 : 0)),
            ];
            block.Add(time, time, FeatureValue.FromInt64(((long)entity * 1_000_000) + index), key, values);
        }

        return block.Build();
    }
}
