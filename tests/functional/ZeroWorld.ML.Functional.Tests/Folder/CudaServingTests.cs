using System.Runtime.InteropServices;
using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A model folder served on a GPU: placement, batches, memory.</summary>
[Collection(MemoryCollection.Name)]
public sealed class CudaServingTests
{
    private const int Columns = 1024;
    private const long WeightBytes = 4L * Columns * 4096;
    private readonly Device _gpu;

    public CudaServingTests()
    {
        var gpu = DeviceInventory.Read(NodeSources.System).Gpus.FirstOrDefault();
        Assert.SkipUnless(gpu is not null, "This machine has no GPU.");
        Assert.SkipUnless(OnnxRuntimeReport.Create().HasCuda, "This build uses no GPU; build with -p:Accelerator=cuda.");
        _gpu = gpu;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private long UsedBytes => GpuMonitor.TryRead(_gpu)!.Value.MemoryUsedBytes;

    [Theory]
    [InlineData("instance_group [ { kind: KIND_GPU gpus: [ 0 ] count: 2 } ]", "cuda:0")]
    [InlineData("instance_group [ { kind: KIND_GPU } ]", "cuda:0")]
    [InlineData("instance_group [ { kind: KIND_CPU } ]", "cpu")]
    [InlineData("", "cuda:0")]
    public async Task Infer_ManyAtOnce_EachGetsItsOwnRowFromTheDeviceThatWasAsked(string configuration, string device)
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeModel());
        server.Configure("m", $"max_batch_size: 64\n{configuration}\ndynamic_batching {{ }}\n", "config.pbtxt");
        await server.StartAsync(Cancellation);

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Cancellation }, async (call, cancellation) =>
        {
            var result = await server.InferAsync("m", cancellation, Input(1, call % 97));
            Assert.Equal(Columns * 0.5f * (call % 97), MemoryMarshal.Cast<byte, float>(result.Outputs[0].Tensor.ToRaw().Span)[0]);
        });

        var status = server.Servables.List().Single();
        using var lease = await server.Servables.AcquireAsync(status.Model, VersionSelector.Any, Cancellation);
        Assert.Equal(device, lease.Servable.Device);
        Assert.InRange(status.MemoryBytes, WeightBytes, 8 * WeightBytes);
    }

    [Fact]
    public async Task Load_BeyondTheBudget_FreesTheLeastRecentOfTheGpu()
    {
        await using var server = new FolderServer();
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            server.Add(name, 1, MakeModel());
            server.Configure(name, "device: cuda\nbatch_rows_max: 4\n");
        }

        server.Configure("b", "device: cuda\nbatch_rows_max: 4\npinned: true\n");
        await server.StartAsync(Cancellation, ("GpuNodes:MemoryBudget:GpuShare", FormattableString.Invariant($"{3.9 * WeightBytes / _gpu.MemoryBytes!.Value:R}")));
        foreach (var name in (string[])["a", "b", "c", "d", "a", "c"])
        {
            await server.InferAsync(name, Cancellation, Input(1, 1));
        }

        var ready = server.Servables.List().Where(static status => status.State == ServableState.Ready).ToList();
        Assert.Contains(ready, static status => status.Model.Name == "b");
        Assert.Contains(ready, static status => status.Model.Name == "c");
        Assert.True(ready.Sum(static status => status.MemoryBytes) <= 3.9 * WeightBytes);
        Assert.InRange(ready.Count, 2, 3);
    }

    [Fact]
    public async Task LoadAndUnload_TwentyRounds_MemoryOfTheGpuIsFlat()
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeModel());
        await server.StartAsync(Cancellation, ("Models:Control", "Explicit"));
        var model = new ModelName(ModelName.DefaultProject, "m");
        await RoundAsync();
        await RoundAsync();
        var before = UsedBytes;

        for (var round = 0; round < 20; round++)
        {
            await RoundAsync();
        }

        Assert.InRange(UsedBytes - before, -64 * WeightBytes, 2 * WeightBytes);

        async Task RoundAsync()
        {
            await server.Servables.LoadModelAsync(model, Cancellation);
            await server.InferAsync("m", Cancellation, Input(32, 1));
            await server.Servables.UnloadModelAsync(model, Cancellation);
            while (server.Servables.List().Single().State != ServableState.Unloaded)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), Cancellation);
            }
        }
    }

    [Fact]
    public async Task Infer_MoreThanTheBudgetHolds_IsOverloadedAndTheNextIsAnswered()
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeModel());
        server.Configure("m", "device: cuda\nbatch_rows_max: 16384\nwarmup_rows: [1]\n");
        await server.StartAsync(
            Cancellation,
            ("GpuNodes:MemoryBudget:GpuShare", FormattableString.Invariant($"{4.0 * WeightBytes / _gpu.MemoryBytes!.Value:R}")),
            ("Serving:Batching:BatchRowsMax", "16384"),
            ("Serving:Batching:QueueRowsMax", "16384"));

        // 16 Ki rows of 4,096 are 256 MiB.
        var exception = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("m", Cancellation, Input(16384, 1)));
        var result = await server.InferAsync("m", Cancellation, Input(1, 2));

        Assert.Equal(ServingError.Overloaded, exception.Error);
        Assert.Contains("no memory left", exception.Message, StringComparison.Ordinal);
        Assert.Equal(Columns, MemoryMarshal.Cast<byte, float>(result.Outputs[0].Tensor.ToRaw().Span)[0]);
    }

    private static InferenceInput Input(int rows, float value)
    {
        var values = new float[rows * Columns];
        values.AsSpan().Fill(value);
        return new InferenceInput("x", "FP32", [rows, Columns], MemoryMarshal.AsBytes<float>(values).ToArray());
    }

    /// <summary>y = x W with every weight 0.5: exact in any precision for small whole numbers.</summary>
    private static byte[] MakeModel()
    {
        var weights = new float[Columns * 4096];
        weights.AsSpan().Fill(0.5f);
        return new OnnxGraphBuilder("m").AddInput(new("x", TensorDtype.Float32, [-1, Columns]))
            .AddInitializer("w", weights, [Columns, 4096])
            .AddNode("MatMul", ["x", "w"], ["y"])
            .AddOutput(new("y", TensorDtype.Float32, [-1, 4096])).ToBytes();
    }
}
