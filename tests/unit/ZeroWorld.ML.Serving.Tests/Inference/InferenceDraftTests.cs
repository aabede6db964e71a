using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class InferenceDraftTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static long Received => Stopwatch.GetTimestamp();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task RunAsync_ManyAtOnce_GivesEachItsOwnRows()
    {
        await StartAsync();
        var random = new Random(3);
        var requests = Enumerable.Range(0, 500).Select(_ => Rows(random, random.Next(1, random.Next(2) == 0 ? 3 : 40))).ToArray();

        // All but the first wait while that one runs.
        var instance = _host.Runtime.Opened.Single().Instance;
        var before = instance.BatchRows.Count;
        var others = requests.Length - 1;
        var queued = new TaskCompletionSource();
        instance.Close();

        var scoring = Task.WhenAll(requests.Select(rows => Task.Run(async () =>
        {
            using var draft = Begin(rows);
            var running = draft.RunAsync(null, Cancellation);
            if (!running.IsCompleted && Interlocked.Decrement(ref others) == 0)
            {
                queued.SetResult();
            }

            await running;
            return draft.GetOutput(0).Tensor.AsSpan<float>().ToArray();
        })));
        await queued.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        instance.Open();
        var scores = await scoring;

        for (var index = 0; index < requests.Length; index++)
        {
            Assert.Equal(requests[index].Chunk(2).Select(static row => FakeInstance.ScoreRow(row)), scores[index]);
        }

        Assert.InRange(instance.BatchRows.Count - before, 2, requests.Length / 2);
    }

    [Fact]
    public async Task TryAddInput_WhatTheModelDoesNotTake_IsLeftToTheOtherWay()
    {
        await StartAsync();
        var eight = new ReadOnlySequence<byte>(new byte[8]);

        using var draft = _host.Inferences.TryBegin("fraud", "", Received)!;
        Assert.False(draft.TryFill());
        Assert.False(draft.TryAddInput("other", "FP32", [1, 2], eight));
        Assert.False(draft.TryAddInput("features", "FP64", [1, 2], eight));
        Assert.False(draft.TryAddInput("features", "FP32", [1, 3], eight));
        Assert.False(draft.TryAddInput("features", "FP32", [-1, 2], eight));
        Assert.False(draft.TryAddInput("features", "FP32", [2, 2], eight));
        Assert.False(draft.TryAddOutput("other"));
        Assert.True(draft.TryAddOutput("probability"));
        Assert.False(draft.TryAddOutput("probability"));
        Assert.True(draft.TryAddInput("features", "FP32", [1, 2], eight));
        Assert.False(draft.TryAddInput("features", "FP32", [1, 2], eight));
        Assert.True(draft.TryFill());
    }

    [Fact]
    public async Task TryBegin_NoSuchModel_IsLeftToTheOtherWay()
    {
        await StartAsync();

        Assert.Null(_host.Inferences.TryBegin("nobody", "", Received));
        Assert.Null(_host.Inferences.TryBegin("../fraud", "", Received));
        Assert.Null(_host.Inferences.TryBegin("fraud", "99", Received));
        Assert.Null(_host.Inferences.TryBegin("fraud", "no_alias", Received));
    }

    [Fact]
    public async Task TryFill_TooManyRows_IsLeftToTheOtherWay()
    {
        await StartAsync();
        using var draft = _host.Inferences.TryBegin("fraud", "", Received)!;

        Assert.True(draft.TryAddInput("features", "FP32", [5000, 2], new ReadOnlySequence<byte>(new byte[40_000])));
        Assert.False(draft.TryFill());
    }

    [Fact]
    public async Task Dispose_BeforeTheRun_LetsTheModelGo()
    {
        await StartAsync();

        var draft = Begin([1, 2]);
        var servable = _host.Servables.TryAcquire(ServingHost.Model, VersionSelector.Any)!;
        servable.Release();
        var unloading = servable.UnloadAsync();
        Assert.False(unloading.IsCompleted);

        draft.Dispose();

        await unloading.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task RunAsync_ModelThatFails_SaysSoAndLetsTheModelGo()
    {
        _host.Runtime.Make = static _ => new FakeInstance(FakeInstance.ScoreSignature(2), static inputs =>
            inputs[0].AsSpan<float>()[0] < 0 ? throw new ServingException(ServingError.BackendFailed, "negative") : FakeInstance.ScoreRows(inputs));
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
        using var bad = Begin([-1, 2]);
        using var good = Begin([1, 2]);

        var failure = await Assert.ThrowsAsync<ServingException>(() => bad.RunAsync(null, Cancellation).AsTask());
        await good.RunAsync(null, Cancellation);

        Assert.Equal("negative", failure.Message);
        Assert.Equal(FakeInstance.ScoreRow([1f, 2f]), good.GetOutput(0).Tensor.AsSpan<float>()[0]);
        var statistics = Assert.Single(_host.Models.GetStatistics("", "")).Statistics;
        Assert.Equal((1L, 1L), (statistics.Success.Count, statistics.Failure.Count));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task StartAsync()
    {
        _host.Runtime.Make = static _ => FakeInstance.Score(2);
        _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage());
        await _host.Servables.RefreshAsync(Cancellation);
    }

    private static float[] Rows(Random random, int rows) => [.. Enumerable.Range(0, rows * 2).Select(_ => random.NextSingle())];

    private InferenceDraft Begin(float[] rows)
    {
        var draft = _host.Inferences.TryBegin("fraud", "", Received)!;

        // Of memory that changes as soon as it was copied.
        var wire = MemoryMarshal.AsBytes<float>(rows).ToArray();
        Assert.True(draft.TryAddInput("features", "FP32", [rows.Length / 2, 2], new ReadOnlySequence<byte>(wire)));
        Assert.True(draft.TryFill());
        Array.Fill(wire, (byte)0xFF);
        return draft;
    }
}
