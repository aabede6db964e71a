namespace ZeroWorld.ML.Features.Tests;

public sealed class FraudDefinitionTests
{
    private static readonly DefinitionSet Fraud = DefinitionLoader.LoadFolder(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"));

    [Fact]
    public void Load_FraudYaml_HasTheFifteenColumnsInOrder()
    {
        var service = Fraud.GetService("fraud");

        Assert.Equal(
            [
                "amount", "is_weekend", "is_night",
                "customer_tx_count_1d", "customer_amount_mean_1d", "customer_tx_count_7d", "customer_amount_mean_7d",
                "customer_tx_count_30d", "customer_amount_mean_30d",
                "terminal_tx_count_1d", "terminal_fraud_risk_1d", "terminal_tx_count_7d", "terminal_fraud_risk_7d",
                "terminal_tx_count_30d", "terminal_fraud_risk_30d",
            ],
            service.Columns.Select(static column => column.Name));
        Assert.Equal("default", Fraud.Project);
        Assert.Equal(["customer", "terminal"], Fraud.Entities.Select(static entity => entity.Name));
        var terminal = Assert.IsType<WindowedView>(Fraud.GetView("terminal_risk"));
        Assert.Equal(TimeSpan.FromDays(7), terminal.LabelDelay);
        Assert.Equal(TimeSpan.FromDays(51), terminal.Retention);
        Assert.False(terminal.IncludesRequest);
        Assert.Equal(FeatureValue.FromFloat64(0), terminal.Features[1].Field.Default);
        var customer = Assert.IsType<WindowedView>(Fraud.GetView("customer_spending"));
        Assert.Equal("amount", customer.IncludeRequest["TX_AMOUNT"]);
        Assert.Equal("TRANSACTION_ID", customer.Source.EventIdColumn);
        Assert.True(service.RequestValues.Single().Default.IsNull);
    }

    [Theory]
    [InlineData("2018-08-03T23:59:59.999999Z", false, false)]
    [InlineData("2018-08-04T00:00:00Z", true, true)]
    [InlineData("2018-08-05T06:59:59.999999Z", true, true)]
    [InlineData("2018-08-05T07:00:00Z", true, false)]
    [InlineData("2018-08-06T06:00:00Z", false, true)]
    public void BuildRow_FraudTransforms_FollowTheClockInUtc(string time, bool isWeekend, bool isNight)
    {
        var plan = new FeatureServicePlan(Fraud.GetService("fraud"), static _ => true);
        Assert.True(UnixMicroseconds.TryParse(time, out var q));
        var row = new FeatureCell[15];

        plan.BuildRow(q, [FeatureValue.FromFloat64(12.5)], [new ViewPayload(ViewPayloadState.Answered, default, long.MinValue), ViewPayload.Unavailable], row);

        Assert.Equal(12.5, row[0].Value.AsFloat64());
        Assert.Equal(isWeekend, row[1].Value.AsBool());
        Assert.Equal(isNight, row[2].Value.AsBool());
        Assert.Equal(1, row[3].Value.AsInt64());
        Assert.Equal(12.5, row[4].Value.AsFloat64());
        Assert.Equal(FeatureStatus.Unavailable, row[9].Status);
        Assert.True(row[10].IsDefaulted);
        Assert.Equal(0, row[10].Value.AsFloat64());
    }
}
