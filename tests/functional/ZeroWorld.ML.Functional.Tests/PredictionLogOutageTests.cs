using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>What serving does while the prediction log cannot be written: a full disk, and a bucket that refuses half of what it is asked.</summary>
public sealed class PredictionLogOutageTests
{
    private const int RowsPerFile = 16;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Predict_DiskOfTheLogIsFull_IsAnsweredWhileTheLossIsCountedAndTheLogGoesOnWhenThereIsRoom()
    {
        await using var fraud = await FraudServer.StartAsync(
            null, Cancellation, new Dictionary<string, string> { ["Serving:PredictionLog:FileRowsMax"] = $"{RowsPerFile}", ["Serving:PredictionLog:FlushInterval"] = "100ms" });
        fraud.ExpectError("No space left on device");
        await PrepareAsync(fraud);
        var log = Path.Combine(fraud.DataDirectory, "prediction-log");
        using var disk = SmallDisk.Mount(log, "1m");
        var fill = disk.Fill();

        // The first that are lost come when two files wait.
        var ids = new List<string>();
        var dropped = 0L;
        while (dropped == 0)
        {
            Assert.True(ids.Count < 100 * RowsPerFile, "nothing was dropped");
            ids.Add(await PredictAsync(fraud));
            dropped = CountDropped(fraud);
        }

        var failure = await Assert.ThrowsAsync<IOException>(() => fraud.FlushLogAsync(Cancellation));
        File.Delete(fill);
        await fraud.FlushLogAsync(Cancellation);
        ids.Add(await PredictAsync(fraud));
        await fraud.FlushLogAsync(Cancellation);
        dropped = CountDropped(fraud);

        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Equal(ids.Count - dropped, await CountReplayableAsync(fraud, ids));
        Assert.All(Directory.EnumerateFiles(log, "*", SearchOption.AllDirectories), static file => Assert.EndsWith(".parquet", file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Predict_TheBucketRefusesEveryOtherRequest_IsAnsweredAndLoggedWholly()
    {
        using var folder = new TempFolder();
        await using var s3 = await S3TestServer.StartAsync(Cancellation);
        await File.WriteAllTextAsync(folder.Combine("secret"), S3TestServer.SecretKey, Cancellation);
        await using var fraud = await FraudServer.StartAsync(
            null, Cancellation,
            new Dictionary<string, string>
            {
                ["S3:Bucket"] = S3TestServer.Bucket,
                ["S3:Endpoint"] = s3.Address,
                ["S3:AccessKey"] = S3TestServer.AccessKey,
                ["S3:SecretKeyFile"] = folder.Combine("secret"),
                ["Serving:PredictionLog:FileRowsMax"] = $"{RowsPerFile}",
            });
        await PrepareAsync(fraud);
        // Each request once, whatever else is asked for meanwhile: the second attempt is taken.
        var (asked, refused) = (new ConcurrentDictionary<string, int>(StringComparer.Ordinal), 0);
        s3.Fault = (method, key, query) =>
        {
            if (asked.AddOrUpdate($"{method} {key} {query}", 1, static (_, count) => count + 1) % 2 == 0)
            {
                return null;
            }

            Interlocked.Increment(ref refused);
            return 503;
        };
        var ids = new List<string>();
        for (var index = 0; index < 5 * RowsPerFile; index++)
        {
            ids.Add(await PredictAsync(fraud));
        }

        await fraud.FlushLogAsync(Cancellation);
        s3.Fault = null;

        Assert.Equal(0, CountDropped(fraud));
        Assert.Equal(ids.Count, await CountReplayableAsync(fraud, ids));
        Assert.Equal(0, s3.OpenUploads);
        Assert.InRange(refused, 2, int.MaxValue);
    }

    private static async Task PrepareAsync(FraudServer fraud)
    {
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.FillAsync(2, 10, Cancellation);
    }

    private static async Task<string> PredictAsync(FraudServer fraud) => (await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation)).PredictionId;

    // Of this server alone: the metric is read by the exporter of every server in this process.
    private static long CountDropped(FraudServer fraud) => fraud.Server.Services.GetRequiredService<PredictionLog>().DroppedRows;

    private static async Task<int> CountReplayableAsync(FraudServer fraud, IEnumerable<string> ids)
    {
        var count = 0;
        foreach (var id in ids)
        {
            try
            {
                var replay = await fraud.Client.ReplayAsync(id, cancellationToken: Cancellation);
                Assert.NotEmpty(replay.ReplayedOutputs);
                count++;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
            {
                // One of those that were dropped.
            }
        }

        return count;
    }
}
