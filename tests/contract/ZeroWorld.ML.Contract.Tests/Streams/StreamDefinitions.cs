using System.Globalization;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>A stream of card payments, the views that read it, and events for them.</summary>
internal static class StreamDefinitions
{
    public const long Second = 1_000_000;

    public static DefinitionSet Load(string kind, string topic, string ids = "event_id: ID, created_time: KNOWN, ") => DefinitionLoader.Load([new DefinitionFile("a.yaml", $$"""
        version: 1
        entities:
          - { name: card, keys: [ { name: card_id, type: int64 } ] }
        streams:
          - name: payments
            kind: {{kind}}
            topic: {{topic}}
            columns:
              - { name: CARD, type: int64, field: card }
              - { name: AT, type: timestamp, field: at }
              - { name: KNOWN, type: timestamp, field: known, unit: us }
              - { name: ID, type: string, field: id }
              - { name: AMOUNT, type: float64, field: amount }
              - { name: SHOP, type: string, field: shop }
        feature_views:
          - name: last_payment
            entity: card
            source: { table: payments, event_time: AT, {{ids}}keys: { card_id: CARD } }
            features: [ { name: last_amount, type: float64, column: AMOUNT }, { name: last_shop, type: string, column: SHOP } ]
          - name: spending
            entity: card
            source: { table: payments, event_time: AT, {{ids}}keys: { card_id: CARD } }
            window: { history: 1d, max_events: 20 }
            features: [ { name: spent_1h, aggregate: sum, of: AMOUNT, window: 1h }, { name: payments_1h, aggregate: count, window: 1h } ]
          - name: habits
            entity: card
            source: { table: payments, event_time: AT, {{ids}}keys: { card_id: CARD } }
            window: { precision: hop, history: 1h }
            features: [ { name: spent_1d, aggregate: sum, of: AMOUNT, window: 1d } ]
        feature_services:
          - { name: all, features: [ last_payment.*, spending.*, habits.* ] }
        """)]);

    public static IReadOnlyList<StorageField> FieldsOf(DefinitionSet set) =>
        [.. set.Views.Select(static view => StorageField.Of(view, view.Source.EventIdColumn is { } id && view.Source.Stream!.HasIntegerColumn(id)))];

    /// <summary>Events of a few cards, out of order, a tenth of them twice.</summary>
    /// <param name="now">The newest event time, microseconds.</param>
    public static List<string> Events(int count, long now, int seed)
    {
        var random = new Random(seed);
        var events = new List<string>();
        for (var index = 0; index < count; index++)
        {
            var at = now - (random.Next(7200) * Second);
            events.Add(Event(random.Next(5), at, at + random.Next(1000), $"p{index}", random.Next(1, 1000) / 4.0));
            if (random.Next(10) == 0)
            {
                events.Add(events[random.Next(events.Count)]);
            }
        }

        return events;
    }

    public static string Event(long card, long at, long known, string id, double amount) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"card":{{card}},"at":{{at}},"known":{{known}},"id":"{{id}}","amount":{{amount}},"shop":"s{{card}}","extra":[1,{"x":2}]}""");
}
