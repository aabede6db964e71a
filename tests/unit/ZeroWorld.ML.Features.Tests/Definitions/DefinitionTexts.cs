namespace ZeroWorld.ML.Features.Tests;

/// <summary>A valid file with everything a definition may have; tests change one line of it.</summary>
internal static class DefinitionTexts
{
    public const string Valid = """
        version: 1
        project: shop
        entities:
          - name: customer
            description: A card holder.
            keys:
              - { name: customer_id, type: int64 }
        feature_views:
          - name: profile
            entity: customer
            owner: risk
            source:
              table: customers
              event_time: updated_at
              created_time: loaded_at
              keys: { customer_id: ID }
              allowed_skew: 10m
            ttl: 30d
            features:
              - { name: country, type: string, column: COUNTRY, default: "??" }
              - { name: credit_limit, type: float64, required: true }
              - { name: vip, type: bool, default: false }
          - name: spending
            entity: customer
            tags: { team: risk }
            source: { table: transactions, event_time: TX_DATETIME, event_id: TRANSACTION_ID }
            window:
              precision: exact
              include_request: { TX_AMOUNT: amount }
              max_events: 512
              history: 2d
            features:
              - { name: mean_7d, aggregate: mean, of: TX_AMOUNT, window: 7d, default: 0 }
              - { name: count_1h, aggregate: count, window: 1h }
        feature_services:
          - name: fraud
            request:
              - { name: amount, type: float64 }
              - { name: channel, type: string, default: web }
            transforms:
              - { name: is_night, type: bool, expression: "hour(time) <= 6" }
              - { name: ratio, type: float64, expression: amount / mean_7d }
            features:
              - amount
              - is_night
              - ratio
              - profile.country
              - spending.*
        """;

    public static DefinitionSet Load(string text) => DefinitionLoader.Load([new DefinitionFile("shop.yaml", text)]);
}
