namespace ZeroWorld.ML.Features.Tests;

public sealed class DefinitionFingerprintTests
{
    private static readonly string Base = DefinitionTexts.Load(DefinitionTexts.Valid).GetService("fraud").Fingerprint;

    [Theory]
    [InlineData("A card holder.", "Somebody.")]
    [InlineData("owner: risk", "owner: sales")]
    [InlineData("tags: { team: risk }", "tags: { team: sales, cost: \"5\" }")]
    [InlineData("version: 1", "# why\nversion: 1")]
    [InlineData("ttl: 30d", "ttl: 720h")]
    [InlineData("default: 0 }", "default: 0.0 }")]
    [InlineData("hour(time) <= 6", "(hour( time ))<=6")]
    [InlineData("precision: exact", "label_delay: 0")]
    [InlineData("type: string, column: COUNTRY", "column: COUNTRY, type: string")]
    public void Fingerprint_TextThatChangesNothing_ChangesNothing(string before, string after) => Assert.Equal(Base, Changed(before, after));

    [Theory]
    [InlineData("project: shop", "project: store")]
    [InlineData("name: fraud", "name: fraud2")]
    [InlineData("type: int64 }", "type: string }")]
    [InlineData("table: customers", "table: clients")]
    [InlineData("updated_at", "changed_at")]
    [InlineData("created_time: loaded_at", "created_time: seen_at")]
    [InlineData("customer_id: ID", "customer_id: NR")]
    [InlineData("allowed_skew: 10m", "allowed_skew: 11m")]
    [InlineData("ttl: 30d", "ttl: 31d")]
    [InlineData("column: COUNTRY", "column: LAND")]
    [InlineData("default: \"??\"", "default: \"!!\"")]
    [InlineData("required: true", "required: false")]
    [InlineData("event_id: TRANSACTION_ID", "event_id: ID")]
    [InlineData("include_request: { TX_AMOUNT: amount }", "include_request: {}")]
    [InlineData("max_events: 512", "max_events: 513")]
    [InlineData("history: 2d", "history: 3d")]
    [InlineData("aggregate: mean", "aggregate: sum")]
    [InlineData("window: 7d", "window: 8d")]
    [InlineData("default: web", "default: app")]
    [InlineData("hour(time) <= 6", "hour(time) < 6")]
    [InlineData("amount / mean_7d", "mean_7d / amount")]
    [InlineData("      - amount\n      - is_night\n", "      - is_night\n      - amount\n")]
    public void Fingerprint_WhatCanChangeAValue_ChangesIt(string before, string after) => Assert.NotEqual(Base, Changed(before, after));

    // A fingerprint is pinned in every model package: it must be the same in every version of this software. Raise an operator's version, never this text.
    [Fact]
    public void CanonicalJson_FraudService_IsWhatItAlwaysWas()
    {
        var service = DefinitionLoader.LoadFolder(Path.Combine(AppContext.BaseDirectory, "fraud.yaml")).GetService("fraud");

        var json = DefinitionFingerprint.CanonicalJson(service);

        Assert.StartsWith(
            """{"format":1,"project":"default","name":"fraud","request":[{"name":"amount","type":"float64","default":null}],"transforms":[{"name":"is_weekend","type":"bool","expression":"ge@1(weekday@1(time),6)"},{"name":"is_night","type":"bool","expression":"le@1(hour@1(time),6)"}],"columns":[{"name":"amount","type":"float64","from":"request"},{"name":"is_weekend","type":"bool","from":"transforms"},""",
            json,
            StringComparison.Ordinal);
        Assert.Contains(
            """{"kind":"window","name":"terminal_risk","entity":"terminal","source":{"table":"transactions","event_time":"TX_DATETIME","created_time":null,"event_id":"TRANSACTION_ID","keys":["TERMINAL_ID"],"allowed_skew":300000000},"precision":"exact","label_delay":604800000000,"includes_request":false,"include_request":{},"max_events":4096,"history":1209600000000,"features":[{"name":"terminal_tx_count_1d","type":"int64","default":null,"required":false,"aggregate":0,"of":null,"window":86400000000},""",
            json,
            StringComparison.Ordinal);
        Assert.EndsWith(
            """],"entities":[{"name":"customer","keys":[{"name":"customer_id","type":"int64"}]},{"name":"terminal","keys":[{"name":"terminal_id","type":"int64"}]}]}""",
            json,
            StringComparison.Ordinal);
        Assert.Equal("dc899b933198fbe87c8fb02c51e1561b20d3d2bb07cb3d074424f408a12bcdf2", service.Fingerprint);
    }

    private static string Changed(string before, string after)
    {
        Assert.Contains(before, DefinitionTexts.Valid, StringComparison.Ordinal);
        return DefinitionTexts.Load(DefinitionTexts.Valid.Replace(before, after, StringComparison.Ordinal)).Services[0].Fingerprint;
    }
}
