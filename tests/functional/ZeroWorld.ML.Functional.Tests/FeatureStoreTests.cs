using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;
using Column = ZeroWorld.ML.V1.Column;
using DefinitionFile = ZeroWorld.ML.V1.DefinitionFile;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>What changes the state of a server: each test has one of its own.</summary>
public sealed class FeatureStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PushEvents_NewEvents_AreInTheNextPredictionOnce()
    {
        await using var fraud = await StartAsync();
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var events = Events([(101, time, 7, 9, 33.0), (102, time, 7, 9, 44.0)]);
        var query = new PredictionQuery("fraud").WithEntity("customer_id", 7).WithEntity("terminal_id", 9).WithValue("amount", 1.0);

        var before = await fraud.Client.PredictAsync(query, Cancellation);
        var pushed = await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        var after = await fraud.Client.PredictAsync(query, Cancellation);
        var again = await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        var last = await fraud.Client.PredictAsync(query, Cancellation);

        Assert.Equal((2u, 0, 2u), (pushed.Accepted, pushed.Refused.Count, again.Accepted));
        Assert.Equal([1L, 3L, 3L], [Count(before), Count(after), Count(last)]);
        Assert.Equal(26.0, (double)last.Rows[0].Features.Single(feature => feature.Name == "customer_amount_mean_1d").Value!, 1e-9);
    }

    [Fact]
    public async Task PushEvents_WrongRows_AreRefusedAndTheOthersTaken()
    {
        await using var fraud = await StartAsync();
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var events = Events([(201, time + TimeSpan.FromHours(1), 8, 9, 1.0), (202, time, 8, 9, 2.0), (203, time, 8, 9, 3.0)]);
        events.Columns.Single(column => column.Name == "CUSTOMER_ID").NullRows.Add(2);

        var pushed = await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);

        Assert.Equal(1u, pushed.Accepted);
        Assert.Equal([0u, 2u], pushed.Refused.Select(refused => refused.Row));
        Assert.Contains("allowed skew", pushed.Refused[0].Reason, StringComparison.Ordinal);
        Assert.Contains("CUSTOMER_ID is null", pushed.Refused[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PushEventStream_WrongRowsAndABrokenMessage_SaysWhereAndKeepsWhatWasBefore()
    {
        await using var fraud = await StartAsync();
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var good = Events([(401, time, 7, 9, 33.0), (402, time + TimeSpan.FromHours(1), 7, 9, 1.0)]);
        var noTable = Events([(403, time, 7, 9, 1.0)]);
        noTable.Table = "transaction";
        var query = new PredictionQuery("fraud").WithEntity("customer_id", 7).WithEntity("terminal_id", 9).WithValue("amount", 1.0);
        var before = await fraud.Client.PredictAsync(query, Cancellation);

        var answer = await PushAsync(fraud, good, Events([(404, time, 7, 9, 1.0), (405, time + TimeSpan.FromHours(1), 7, 9, 1.0)]));
        var broken = await Assert.ThrowsAsync<RpcException>(() => PushAsync(fraud, good, Events([(406, time, 7, 9, 1.0)]), noTable));

        Assert.Equal((2u, 2UL), (answer.Accepted, answer.RefusedTotal));
        Assert.Equal([1u, 3u], answer.Refused.Select(static refused => refused.Row));
        Assert.Equal(StatusCode.NotFound, broken.StatusCode);
        Assert.Contains("Message 3 of the stream: No view of project 'default' reads the table 'transaction'.", broken.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("The messages before it, of 3 events, are done", broken.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Count(before) + 3, Count(await fraud.Client.PredictAsync(query, Cancellation)));
    }

    [Fact]
    public async Task PushEvents_WrongTableOrColumns_IsRefused()
    {
        await using var fraud = await StartAsync();
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var noTable = Events([(1, time, 1, 1, 1.0)]);
        noTable.Table = "transaction";
        var noAmount = Events([(1, time, 1, 1, 1.0)]);
        noAmount.Columns.Remove(noAmount.Columns.Single(column => column.Name == "TX_AMOUNT"));
        var textKey = Events([(1, time, 1, 1, 1.0)]);
        textKey.Columns.Single(column => column.Name == "CUSTOMER_ID").Strings = new StringValues { Values = { "1" } };

        await AssertRefusedAsync(StatusCode.NotFound, "Tables that are read: transactions", fraud, noTable);
        await AssertRefusedAsync(StatusCode.InvalidArgument, "Column 'TX_AMOUNT' is missing: view 'customer_spending' reads it", fraud, noAmount);
        await AssertRefusedAsync(StatusCode.InvalidArgument, "Column 'CUSTOMER_ID' holds string values", fraud, textKey);
    }

    [Fact]
    public async Task ApplyDefinitions_Faults_AreNamedAndNothingChanges()
    {
        await using var fraud = await StartAsync();
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), Cancellation);

        var typo = await Assert.ThrowsAsync<RpcException>(() => ApplyAsync(fraud, "version: 1\nentites: []\n", false));
        var breaking = await Assert.ThrowsAsync<RpcException>(() => ApplyAsync(fraud, yaml.Replace("window: 30d", "window: 20d", StringComparison.Ordinal), false));
        var planned = await Assert.ThrowsAsync<RpcException>(() => ApplyAsync(fraud, yaml.Replace("window: 30d", "window: 20d", StringComparison.Ordinal), true));
        var same = await ApplyAsync(fraud, yaml, true);

        Assert.Equal(StatusCode.InvalidArgument, typo.StatusCode);
        Assert.Contains("fraud.yaml:2:1", typo.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, breaking.StatusCode);
        Assert.Contains("model fraud version 1 pins it", breaking.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(breaking.Status.Detail, planned.Status.Detail);
        Assert.All(same.Changes, change => Assert.Equal(V1.DefinitionChange.Unchanged, change.Change));
        var listed = await fraud.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest(), cancellationToken: Cancellation);
        Assert.Equal(fraud.Plan.Service.Fingerprint, listed.Definitions.Single(definition => definition.Kind == "feature_service").Fingerprint);
        Assert.Equal(5, listed.Definitions.Count);
    }

    [Fact]
    public async Task GetOnlineFeatures_DefinitionAppliedAnew_FollowsIt()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.FillAsync(2, 10, Cancellation);
        var query = FraudServer.Query().ToRequest();
        var request = new GetOnlineFeaturesRequest { FeatureService = "fraud", Entities = { query.Entities }, Request = { query.Request } };
        var before = await fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);

        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), Cancellation);
        await ApplyAsync(fraud, yaml.Replace("      - is_night\n", "", StringComparison.Ordinal), false);
        var after = await fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);

        Assert.Equal((15, 14), (before.Features.Count, after.Features.Count));
        Assert.NotEqual(before.Fingerprint, after.Fingerprint);
    }

    [Fact]
    public async Task GetOnlineFeatures_ListsAndTiles_AreWhatWasPushed()
    {
        const string Recent = """
            version: 1
            feature_views:
              - name: customer_recent
                entity: customer
                source: { table: transactions, event_time: TX_DATETIME, event_id: TRANSACTION_ID, keys: { customer_id: CUSTOMER_ID } }
                window: { precision: hop }
                features:
                  - { name: recent_terminals, aggregate: last_k, k: 3, of: TERMINAL_ID, type: int64, window: 30d }
                  - { name: recent_amounts, aggregate: first_k, k: 2, of: TX_AMOUNT, window: 1h }
                  - { name: terminals, aggregate: count_distinct, of: TERMINAL_ID, window: 30d }
                  - { name: median, aggregate: percentile, p: 0.5, of: TX_AMOUNT, window: 30d }
                  - { name: spread, aggregate: stddev, of: TX_AMOUNT, window: 30d }
            feature_services:
              - { name: recent, features: [ "customer_recent.*" ] }
            """;
        await using var fraud = await StartAsync();
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), Cancellation);
        await fraud.Client.Features.ApplyDefinitionsAsync(
            new ApplyDefinitionsRequest { Files = { new DefinitionFile { Path = "fraud.yaml", Yaml = yaml }, new DefinitionFile { Path = "recent.yaml", Yaml = Recent } } },
            cancellationToken: Cancellation);
        var service = DefinitionLoader.Load([new Features.DefinitionFile("fraud.yaml", yaml), new Features.DefinitionFile("recent.yaml", Recent)]).GetService("recent");
        await fraud.Server.Services.GetRequiredService<IOnlineStore>().WriteCoverageAsync(
            new FeatureServicePlan(service, static _ => true).Views[0].Field, new ViewCoverage(long.MinValue, 0), Cancellation);
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var events = Events([(301, time.AddDays(-3), 7, 9, 10.0), (302, time.AddMinutes(-5), 7, 4, 20.0), (303, time.AddMinutes(-4), 7, 9, 20.0), (304, time.AddMinutes(-3), 7, 5, 70.0)]);

        await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        var answer = await fraud.Client.Features.GetOnlineFeaturesAsync(
            new GetOnlineFeaturesRequest { FeatureService = "recent", Entities = { new Column { Name = "customer_id", Int64S = new Int64Values { Values = { 7, 8 } } } } },
            cancellationToken: Cancellation);

        Assert.All(answer.Features, static feature => Assert.Equal(V1.FeatureStatus.Present, feature.Statuses[0]));
        Assert.Equal([5L, 9L, 4L], answer.Features[0].Column.Int64Lists.Rows[0].Values);
        Assert.Equal([20.0, 20.0], answer.Features[1].Column.Float64Lists.Rows[0].Values);
        Assert.Equal(3, answer.Features[2].Column.Int64S.Values[0]);
        Assert.InRange(answer.Features[3].Column.Float64S.Values[0], 20 - (20 / 128.0), 20 + (20 / 128.0));
        Assert.Equal(Math.Sqrt(2200.0 / 3), answer.Features[4].Column.Float64S.Values[0], 1e-9);
        Assert.Empty(answer.Features[0].Column.Int64Lists.Rows[1].Values);
        Assert.Equal(V1.FeatureStatus.Null, answer.Features[4].Statuses[1]);
    }

    [Fact]
    public async Task GetOnlineFeatures_KeyThatIsTooLong_IsRefusedWithItsRowAndEntity()
    {
        const string Yaml = """
            version: 1
            project: shops
            entities: [{ name: shop, keys: [{ name: shop_id, type: string }] }]
            feature_views: [{ name: state, entity: shop, source: { table: states, push: true, event_time: at }, features: [{ name: rating, type: float64 }] }]
            """;
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await ApplyAsync(fraud, Yaml, false);
        var request = new GetOnlineFeaturesRequest
        {
            Project = "shops",
            Features = { "state.*" },
            Entities = { new Column { Name = "shop_id", Strings = new StringValues { Values = { "a", "b", new string('x', 513) } } } },
        };

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("Row 2: The key of entity 'shop' takes more than 512 bytes when encoded; expected at most 512.", failure.Status.Detail);
    }

    [Fact]
    public async Task GetOnlineFeatures_OneEntityUnderTwoNamesInAPushView_ReadsBoth()
    {
        const string Yaml = """
            version: 1
            project: transfers
            entities: [{ name: account, keys: [{ name: account_id, type: int64 }] }]
            feature_views:
              - name: balances
                entity: account
                source: { table: balances, push: true, event_time: at }
                features: [{ name: amount, type: float64 }]
            feature_services:
              - name: transfer
                aliases: [{ name: sender, entity: account, keys: { account_id: sender_id } }]
                transforms: [{ name: gap, type: float64, expression: amount - sender_amount }]
                features: [sender.balances.amount, balances.amount, gap]
            """;
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await ApplyAsync(fraud, Yaml, false);
        var request = new GetOnlineFeaturesRequest
        {
            Project = "transfers",
            FeatureService = "transfer",
            Entities =
            {
                new Column { Name = "sender_id", Int64S = new Int64Values { Values = { 7, 8 } } },
                new Column { Name = "account_id", Int64S = new Int64Values { Values = { 8, 7 } } },
            },
        };

        var before = await fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);
        var pushed = await fraud.Client.Features.PushEventsAsync(
            new PushEventsRequest
            {
                Project = "transfers",
                Table = "balances",
                Columns =
                {
                    new Column { Name = "account_id", Int64S = new Int64Values { Values = { 7, 8 } } },
                    new Column { Name = "at", Timestamps = new TimestampValues { Microseconds = { 1_000_000, 1_000_000 } } },
                    new Column { Name = "amount", Float64S = new Float64Values { Values = { 10, 25 } } },
                },
            },
            cancellationToken: Cancellation);
        var after = await fraud.Client.Features.GetOnlineFeaturesAsync(request, cancellationToken: Cancellation);

        Assert.Equal(2u, pushed.Accepted);
        Assert.Equal([V1.FeatureStatus.NotFound, V1.FeatureStatus.NotFound], before.Features[0].Statuses);
        Assert.Equal([10, 25], after.Features.Single(static feature => feature.Column.Name == "sender_amount").Column.Float64S.Values);
        Assert.Equal([25, 10], after.Features.Single(static feature => feature.Column.Name == "amount").Column.Float64S.Values);
        Assert.Equal([15, -15], after.Features.Single(static feature => feature.Column.Name == "gap").Column.Float64S.Values);
    }

    [Fact]
    public async Task DeleteEntity_AfterPredictions_LeavesNoTraceOfItAndKeepsWhatComesLater()
    {
        const long Customer = 77_777_777;
        await using var fraud = await StartAsync();
        var time = fraud.Server.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var events = Events([(401, time.AddHours(-2), Customer, 9, 33.0), (402, time.AddHours(-1), 8, 9, 44.0)]);
        var query = new PredictionQuery("fraud").WithEntity("customer_id", Customer).WithEntity("terminal_id", 9).WithValue("amount", 1.0);
        await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        var mine = await fraud.Client.PredictAsync(query, Cancellation);
        var theirs = await fraud.Client.PredictAsync(new PredictionQuery("fraud").WithEntity("customer_id", 8).WithEntity("terminal_id", 9).WithValue("amount", 1.0), Cancellation);

        var request = new DeleteEntityRequest { Entity = "customer", Keys = { new Column { Name = "customer_id", Int64S = new Int64Values { Values = { Customer } } } } };
        var receipt = await fraud.Client.Features.DeleteEntityAsync(request, cancellationToken: Cancellation);
        var again = await fraud.Client.Features.DeleteEntityAsync(request, cancellationToken: Cancellation);
        var pushed = await fraud.Client.Features.PushEventsAsync(events, cancellationToken: Cancellation);
        var after = await fraud.Client.PredictAsync(query, Cancellation);

        Assert.Equal((1L, 0L), (receipt.PredictionRows, again.PredictionRows));
        Assert.Equal(receipt.Token, again.Token);
        Assert.Equal(0u, Assert.Single(pushed.Refused).Row);
        Assert.Equal(["Present 2", "Present 1"], [Read(mine), Read(after)]);
        var erased = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.ReplayAsync(mine.PredictionId, cancellationToken: Cancellation));
        Assert.StartsWith("ERASED", erased.Status.Detail, StringComparison.Ordinal);
        Assert.True((await fraud.Client.ReplayAsync(theirs.PredictionId, cancellationToken: Cancellation)).Equal);

        // The one prediction that was asked after the deletion is the only one that may name the customer.
        var root = fraud.Server.Services.GetRequiredService<Hosting.DataDirectory>().Root;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "erasure")))
        {
            Assert.DoesNotContain("77777777", await File.ReadAllTextAsync(file, Cancellation), StringComparison.Ordinal);
        }

        static string Read(Prediction prediction)
        {
            var count = prediction.Rows[0].Features.Single(static feature => feature.Name == "customer_tx_count_1d");
            return $"{count.Status} {count.Value}";
        }
    }

    [Theory]
    [InlineData("client", "customer_id", "has no entity 'client'")]
    [InlineData("customer", "customer", "'customer' is none of them")]
    public async Task DeleteEntity_UnknownEntityOrKey_IsRefused(string entity, string key, string message)
    {
        await using var fraud = await StartAsync();
        var request = new DeleteEntityRequest { Entity = entity, Keys = { new Column { Name = key, Int64S = new Int64Values { Values = { 7 } } } } };

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Features.DeleteEntityAsync(request, cancellationToken: Cancellation));

        Assert.Contains(message, exception.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<FraudServer> StartAsync()
    {
        var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(1, 1, Cancellation);
        return fraud;
    }

    private static async Task<PushEventsResponse> PushAsync(FraudServer fraud, params PushEventsRequest[] messages)
    {
        using var call = fraud.Client.Features.PushEventStream(cancellationToken: Cancellation);
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message, Cancellation);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    private static async Task AssertRefusedAsync(StatusCode code, string message, FraudServer fraud, PushEventsRequest request)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Features.PushEventsAsync(request, cancellationToken: Cancellation));
        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(message, exception.Status.Detail, StringComparison.Ordinal);
    }

    private static async Task<ApplyDefinitionsResponse> ApplyAsync(FraudServer fraud, string yaml, bool planOnly) => await fraud.Client.Features.ApplyDefinitionsAsync(
        new ApplyDefinitionsRequest { Files = { new DefinitionFile { Path = "fraud.yaml", Yaml = yaml } }, PlanOnly = planOnly }, cancellationToken: Cancellation);

    private static long Count(Prediction prediction) => (long)prediction.Rows[0].Features.Single(feature => feature.Name == "customer_tx_count_1d").Value!;

    private static PushEventsRequest Events((long Id, DateTimeOffset Time, long Customer, long Terminal, double Amount)[] events) => new()
    {
        Table = "transactions",
        Columns =
        {
            new Column { Name = "TRANSACTION_ID", Int64S = new Int64Values { Values = { events.Select(item => item.Id) } } },
            new Column { Name = "TX_DATETIME", Timestamps = new TimestampValues { Microseconds = { events.Select(item => FraudStore.Microseconds(item.Time)) } } },
            new Column { Name = "CUSTOMER_ID", Int64S = new Int64Values { Values = { events.Select(item => item.Customer) } } },
            new Column { Name = "TERMINAL_ID", Int64S = new Int64Values { Values = { events.Select(item => item.Terminal) } } },
            new Column { Name = "TX_AMOUNT", Float64S = new Float64Values { Values = { events.Select(item => item.Amount) } } },
            new Column { Name = "TX_FRAUD", Int64S = new Int64Values { Values = { events.Select(_ => 0L) } } },
        },
    };
}
