using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A whole server whose artifacts, tables and prediction log lie in a bucket.</summary>
public sealed class S3ServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Server_OnABucket_RegistersPredictsAndReplays()
    {
        using var folder = new TempFolder();
        await using var s3 = await S3TestServer.StartAsync(Cancellation);
        await File.WriteAllTextAsync(folder.Combine("secret"), S3TestServer.SecretKey, Cancellation);
        var settings = new Dictionary<string, string>
        {
            ["S3:Bucket"] = S3TestServer.Bucket,
            ["S3:Prefix"] = "team/a",
            ["S3:Endpoint"] = s3.Address,
            ["S3:AccessKey"] = S3TestServer.AccessKey,
            ["S3:SecretKeyFile"] = folder.Combine("secret"),
            ["Serving:Prediction:FeatureTimeout"] = "10s",
        };
        await using var fraud = await FraudServer.StartAsync(null, Cancellation, settings);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(2, 10, Cancellation);
        await File.WriteAllTextAsync(folder.Combine("t.csv"), "id,at\n1,2024-01-01T00:00:00Z\n2,2024-01-02T00:00:00Z\n", Cancellation);

        var prediction = await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        // On a busy machine the thread that writes the log, which gives way to everything, may take longer than the client waits by itself.
        await fraud.Server.Services.GetRequiredService<PredictionLog>().FlushAsync(Cancellation);
        var replay = await fraud.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation);
        var offline = fraud.Server.Services.GetRequiredService<IOfflineStore>();
        var table = await offline.ImportAsync(
            new TableImport("default", "spine", folder.Combine("t.csv"), [new OfflineColumn("id", FeatureType.Int64), new OfflineColumn("at", FeatureType.Timestamp)], null), Cancellation);

        Assert.Equal(prediction.Response.Outputs, replay.ReplayedOutputs);
        var receipt = await fraud.Client.Features.DeleteEntityAsync(
            new DeleteEntityRequest { Entity = "customer", Keys = { new Column { Name = "customer_id", Int64S = new Int64Values { Values = { 1 } } } } }, cancellationToken: Cancellation);
        var erased = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.ReplayAsync(prediction.PredictionId, cancellationToken: Cancellation));

        Assert.Equal((1L, 1L), (receipt.PredictionRows, receipt.PredictionFiles));
        Assert.StartsWith("ERASED", erased.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(2, table.Rows);
        Assert.Equal(["id", "at"], (await offline.DescribeTableAsync("default", "spine", Cancellation)).Select(static column => column.Name));
        Assert.All(s3.Keys, static key => Assert.StartsWith("team/a/", key, StringComparison.Ordinal));
        Assert.Equal(["artifacts", "offline", "prediction-log"], s3.Keys.Select(static key => key.Split('/')[2]).Distinct().Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(fraud.DataDirectory, "prediction-log")));
        Assert.False(Directory.Exists(Path.Combine(fraud.DataDirectory, "registry", "artifacts")));
        Assert.False(Directory.Exists(Path.Combine(fraud.DataDirectory, "offline")));
    }
}
