using System.Buffers;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Requests with tensors to a model whose configuration keeps answers.</summary>
public sealed class CachedInferenceTests
{
    private const string Config = "max_batch_size: 8 response_cache { enable: true }";

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InferAsync_EqualRequests_RunOnceAndAddUp(bool isDraft)
    {
        await using var folder = await StartAsync("config.pbtxt", Config);
        var runs = Runs(folder);

        var first = await InferAsync(folder, isDraft, 1, 2);
        var second = await InferAsync(folder, isDraft, 1, 2);
        var third = await InferAsync(folder, !isDraft, 1, 2);
        var other = await InferAsync(folder, isDraft, 2, 1);
        await Assert.ThrowsAsync<ServingException>(() => InferAsync(folder, isDraft: false, 1, 2, 3));

        Assert.Equal((first, first), (second, third));
        Assert.Equal(FakeInstance.ScoreRow([1, 2]), first);
        Assert.Equal(FakeInstance.ScoreRow([2, 1]), other);
        Assert.Equal(2, Runs(folder) - runs);
        var statistics = Statistics(folder);
        Assert.Equal((4, 1), (statistics.Success.Count, statistics.Failure.Count));
        Assert.Equal((4, 2), (statistics.Rows, statistics.Runs));
        Assert.Equal((2, 2), (statistics.CacheHit.Count, statistics.CacheMiss.Count));
        Assert.Equal((2, 2, 2, 2), (statistics.Queue.Count, statistics.Input.Count, statistics.Infer.Count, statistics.Output.Count));
    }

    [Fact]
    public async Task InferAsync_AfterAReload_RunsAgain()
    {
        await using var folder = await StartAsync("config.pbtxt", Config);
        await InferAsync(folder, isDraft: false, 1, 2);
        folder.Write("m/1/model.onnx", "another one");
        await folder.RefreshAsync();
        var runs = Runs(folder);

        await InferAsync(folder, isDraft: false, 1, 2);

        Assert.Equal(1, Runs(folder) - runs);
    }

    [Theory]
    [InlineData("config.pbtxt", "max_batch_size: 8 response_cache { enable: false }", false)]
    [InlineData("config.pbtxt", "max_batch_size: 8", false)]
    [InlineData("model.yaml", "batch_rows_max: 8\nresponse_cache: true", true)]
    [InlineData("model.yaml", "batch_rows_max: 8", false)]
    public async Task InferAsync_AsTheConfigurationSays_KeepsAnswers(string file, string config, bool isKept)
    {
        await using var folder = await StartAsync(file, config);
        var runs = Runs(folder);

        await InferAsync(folder, isDraft: false, 1, 2);
        await InferAsync(folder, isDraft: false, 1, 2);

        Assert.Equal(isKept ? 1 : 2, Runs(folder) - runs);
        Assert.Equal(isKept ? 1 : 0, Statistics(folder).CacheHit.Count);
    }

    private static async Task<ModelFolderFixture> StartAsync(string file, string config)
    {
        var folder = new ModelFolderFixture();
        folder.Write($"m/{file}", config);
        folder.Write("m/1/model.onnx", "one");
        await folder.RefreshAsync();
        return folder;
    }

    private static StatisticsSnapshot Statistics(ModelFolderFixture folder) => folder.Host.Models.GetStatistics("m", "")[0].Statistics;

    private static int Runs(ModelFolderFixture folder) => folder.Host.Runtime.Opened.Sum(static item => item.Instance.BatchRows.Count);

    private static async Task<float> InferAsync(ModelFolderFixture folder, bool isDraft, params float[] values)
    {
        long[] shape = [1, values.Length];
        var raw = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        if (!isDraft)
        {
            var request = new InferenceRequest { ModelName = "m", Inputs = [new InferenceInput("features", "FP32", shape, raw)] };
            return (await folder.Host.Inferences.InferAsync(request, Cancellation)).Outputs[0].Tensor.AsSpan<float>()[0];
        }

        using var draft = folder.Host.Inferences.TryBegin("m", "", System.Diagnostics.Stopwatch.GetTimestamp())!;
        Assert.True(draft.TryAddInput("features", "FP32", shape, new ReadOnlySequence<byte>(raw)) && draft.TryFill());
        await draft.RunAsync(null, Cancellation);
        var score = draft.GetOutput(0).Tensor.AsSpan<float>()[0];
        draft.Finish();
        return score;
    }
}
