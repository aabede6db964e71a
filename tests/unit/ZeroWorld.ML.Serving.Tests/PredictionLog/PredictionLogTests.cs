using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class PredictionLogTests
{
    private static readonly string[] FormatColumns =
    [
        "format", "prediction_id", "row", "project", "model", "model_version", "package_digest", "service_fingerprint", "runtime_build", "received_time", "time",
        "entities", "request", "feature_names", "feature_values", "feature_texts", "feature_statuses", "feature_event_times", "feature_defaulted", "input",
        "batch_rows", "batch_row", "output_names", "output", "decision", "error", "duration",
    ];

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task FlushAsync_AfterAPrediction_WritesOneRowAsTheFormatSays()
    {
        await using var host = new ServingHost();
        var package = await host.StartAsync();
        var result = await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);

        await host.PredictionLog.FlushAsync(Cancellation);

        var (path, columns) = Assert.Single(host.LogFiles.Files);
        Assert.Equal($"project=default/model=fraud/date=2018-08-08/part-{result.PredictionId}.parquet", path);
        Assert.Equal(FormatColumns, columns.Select(column => column.Name));
        Assert.All(columns, column => Assert.Single(column.Values.Cast<object?>()));
        var row = Assert.Single(await host.LogFiles.FindAsync("default", result.PredictionId, new DateOnly(2018, 8, 8), Cancellation));
        Assert.Equal(package.Digest, row.PackageDigest);
        Assert.Equal(host.Plan.Service.Fingerprint, row.ServiceFingerprint);
        Assert.Equal("""{"customer_id":1,"terminal_id":2}""", row.Entities);
        Assert.Equal("""{"amount":57.16,"channel":"web"}""", row.Request);
        Assert.Equal([57.16, null, 0, 250, 1, 2, 0.5], row.FeatureValues);
        Assert.Equal([null, "web", null, null, null, null, null], row.FeatureTexts);
        Assert.Equal(UnixMicroseconds.FromDateTimeOffset(ServingHost.Noon), row.Time);
        Assert.Equal(row.Time, row.ReceivedTime);
        Assert.Equal(6 * sizeof(float), row.Input!.Length);
        Assert.Equal(result.Outputs[0].Tensor.Data.ToArray(), row.Output);
        Assert.Equal(result.Decisions[0], row.Decision);
        Assert.Null(row.Error);
        Assert.True(row.Duration > 0);
    }

    [Fact]
    public async Task Loop_OldestRowReachesTheInterval_WritesByItself()
    {
        await using var host = new ServingHost();
        await host.StartAsync();
        await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);

        // The clock stands still until the loop has taken the row and waits for the interval: advanced step by step, it cannot be missed.
        for (var step = 0; step < 2000 && host.LogFiles.Files.IsEmpty; step++)
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, Cancellation);
        }

        Assert.Equal(1, host.LogFiles.Rows);
    }

    [Fact]
    public async Task Loop_FileIsFull_WritesItAndGoesOn()
    {
        await using var host = new ServingHost(configure: static services => services.Configure<PredictionLogOptions>(static options => options.FileRowsMax = 3));
        await host.StartAsync();
        for (var index = 0; index < 8; index++)
        {
            await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
        }

        await host.PredictionLog.FlushAsync(Cancellation);

        Assert.Equal(8, host.LogFiles.Rows);
        Assert.All(host.LogFiles.Files.Values, columns => Assert.InRange(columns[0].Values.Length, 1, 3));
        Assert.Equal(0, host.PredictionLog.DroppedRows);
    }

    [Fact]
    public async Task Loop_AFileIsBeingWritten_FillsTheNext()
    {
        await using var host = new ServingHost(configure: static services => services.Configure<PredictionLogOptions>(static options =>
        {
            options.FileRowsMax = 2;
            options.QueueRowsMax = 2;
        }));
        await host.StartAsync();
        var gate = new TaskCompletionSource();
        host.LogFiles.Gate = gate.Task;
        for (var index = 0; index < 4; index++)
        {
            await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
            await WaitUntilTakenAsync(host);
        }

        var written = host.LogFiles.Rows;
        gate.SetResult();
        await host.PredictionLog.FlushAsync(Cancellation);

        Assert.Equal(0, written);
        Assert.Equal(4, host.LogFiles.Rows);
        Assert.Equal(0, host.PredictionLog.DroppedRows);
    }

    [Fact]
    public async Task DisposeAsync_RowsInTheQueue_AreWritten()
    {
        var host = new ServingHost();
        await host.StartAsync();
        for (var index = 0; index < 100; index++)
        {
            await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
        }

        await host.DisposeAsync();

        Assert.Equal(100, host.LogFiles.Rows);
    }

    [Fact]
    public async Task DisposeAsync_FilesCannotBeWritten_TellsHowManyRowsAreLost()
    {
        var host = new ServingHost();
        await host.StartAsync();
        host.LogFiles.Failure = new IOException("No space left on device");
        for (var index = 0; index < 3; index++)
        {
            await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
        }

        await host.DisposeAsync();

        Assert.Contains("3 rows of the prediction log are lost: the process ends, and they could not be written", host.Log.Errors);
    }

    [Fact]
    public async Task Loop_FilesCannotBeWritten_KeepsTwoFilesOfRowsDropsTheRestAndRecovers()
    {
        await using var host = new ServingHost(configure: static services => services.Configure<PredictionLogOptions>(static options => options.FileRowsMax = 4));
        await host.StartAsync();
        host.LogFiles.Failure = new IOException("No space left on device");
        for (var index = 0; index < 10; index++)
        {
            await host.Predictions.PredictAsync(ServingHost.Request(), Cancellation);
        }

        var failure = await Assert.ThrowsAsync<IOException>(() => host.PredictionLog.FlushAsync(Cancellation));
        var dropped = host.PredictionLog.DroppedRows;
        host.LogFiles.Failure = null;
        await host.PredictionLog.FlushAsync(Cancellation);

        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.InRange(host.LogFiles.Rows, 4, 8);
        Assert.Equal(10, dropped + host.LogFiles.Rows);
    }

    [Fact]
    public async Task Add_MoreRowsThanTheQueueTakes_DropsAndCountsThem()
    {
        await using var host = new ServingHost(configure: static services => services.Configure<PredictionLogOptions>(static options => options.QueueRowsMax = 2));
        await host.StartAsync();
        var request = new PredictionRequest
        {
            Model = "fraud",
            Entities = [ServingHost.Ids("customer_id", 1, 1, 1), ServingHost.Ids("terminal_id", 2)],
            Request = [ServingHost.Amounts(1)],
        };

        await host.Predictions.PredictAsync(request, Cancellation);
        await host.PredictionLog.FlushAsync(Cancellation);

        Assert.Equal(3, host.PredictionLog.DroppedRows);
        Assert.Equal(0, host.LogFiles.Rows);
    }

    [Fact]
    public async Task FlushAsync_RowsThatFailed_AreLoggedWithTheirReasonAndNoInput()
    {
        await using var host = new ServingHost(ServingHost.Definitions.Replace("type: bool, column: VIP", "type: bool, column: VIP, required: true", StringComparison.Ordinal));
        await host.StartAsync();
        var result = await host.Predictions.PredictAsync(
            new PredictionRequest { Model = "fraud", Entities = [ServingHost.Ids("customer_id", 9, 1), ServingHost.Ids("terminal_id", 2)], Request = [ServingHost.Amounts(1)] },
            Cancellation);

        await host.PredictionLog.FlushAsync(Cancellation);

        var rows = await host.LogFiles.FindAsync("default", result.PredictionId, new DateOnly(2018, 8, 8), Cancellation);
        Assert.Equal([0, 1], rows.Select(row => row.Row));
        Assert.Contains("'is_vip'", rows[0].Error, StringComparison.Ordinal);
        Assert.Null(rows[0].Input);
        Assert.Null(rows[0].Output);
        Assert.NotNull(rows[1].Input);
    }

    [Fact]
    public void ToFeature_WhatTheLogHoldsOfAValue_IsTheValue()
    {
        FeatureValue[] values =
        [
            FeatureValue.FromBool(true), FeatureValue.FromInt64(7), FeatureValue.FromInt64(long.MaxValue), FeatureValue.FromInt64((1L << 53) + 1),
            FeatureValue.FromFloat32(0.1f), FeatureValue.FromFloat64(-0.0), FeatureValue.FromFloat64(BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001)),
            FeatureValue.FromString("a\0b"), FeatureValue.FromBytes([0, 255]), FeatureValue.FromTimestamp(1), FeatureValue.Null(FeatureType.Int64), FeatureValue.Null(FeatureType.String),
            FeatureValue.FromInt64List([long.MinValue, (1L << 53) + 1]), FeatureValue.FromFloat64List([0.1, -0.0, double.NaN, double.NegativeInfinity, double.Epsilon]),
            FeatureValue.FromStringList(["", "a, \"b\"\n\u00e9"]), FeatureValue.FromInt64List([]), FeatureValue.Null(FeatureType.StringList),
        ];

        foreach (var value in values)
        {
            double? number = value.IsNull || !value.IsNumeric ? null : value.ToDouble();
            Assert.Equal(value, LoggedValues.ToFeature(value.Type, number, LoggedValues.ToText(value)));
        }
    }

    /// <summary>Ends when the loop has taken what was queued; if it never does, the test's time is over.</summary>
    private static async Task WaitUntilTakenAsync(ServingHost host)
    {
        while (host.PredictionLog.QueuedRows > 0)
        {
            await Task.Delay(1, Cancellation);
        }
    }
}
