using System.Diagnostics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Tests of the memory of this process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryCollection
{
    public const string Name = "memory";
}

/// <summary>What models take, and that it comes back.</summary>
[Collection(MemoryCollection.Name)]
public sealed class MemoryTests(ITestOutputHelper output)
{
    private const int Columns = 1024;
    private const long WeightBytes = 4L * Columns * 4096;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadAndUnload_AHundredRounds_ResidentMemoryIsFlat()
    {
        await using var server = new FolderServer();
        server.Add("big", 1, MakeBig());
        await server.StartAsync(Cancellation, ("Models:Control", "Explicit"));
        var model = new ModelName(ModelName.DefaultProject, "big");
        var resident = new List<long>();
        var taken = 0L;
        for (var round = 1; round <= 100; round++)
        {
            await server.Servables.LoadModelAsync(model, Cancellation);
            var result = await server.InferAsync("big", Cancellation, new InferenceInput("x", "FP32", [1, Columns], new byte[4 * Columns]));
            Assert.Equal(4 * 4096, result.Outputs[0].Tensor.ToRaw().Length);
            taken = server.Servables.List().Single().MemoryBytes;
            await server.Servables.UnloadModelAsync(model, Cancellation);
            await WaitUntilAsync(() => server.Servables.List().Single().State == ServableState.Unloaded);
            if (round % 10 == 0)
            {
                // What the collector keeps for later is not what a model left behind.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                resident.Add(ReadResident());
            }
        }

        output.WriteLine($"A model of {WeightBytes >> 20} MiB takes {taken / 1048576.0:0.0} MiB. Resident MiB after 10, 20 ... 100 rounds: {string.Join(", ", resident.Select(static bytes => bytes >> 20))}");
        Assert.InRange(taken, WeightBytes, 3 * WeightBytes);

        // The least of each half; one model left behind per round would be 800 MiB.
        var growth = resident[5..].Min() - resident[..5].Min();
        Assert.True(growth < 4 * WeightBytes, $"Resident memory grew by {growth >> 20} MiB in 50 rounds.");
    }

    [Fact]
    public async Task Infer_AThousandModelsWithAHundredInMemory_AllAnswer()
    {
        const int Models = 1000;
        await using var server = new FolderServer();
        for (var index = 0; index < Models; index++)
        {
            server.Add($"m{index:0000}", 1, MakeSmall(index));
        }

        var started = Stopwatch.GetTimestamp();
        await server.StartAsync(Cancellation, ("Serving:Servables:LoadedVersionsMax", "100"));
        output.WriteLine($"Started with {Models} models after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s.");
        Assert.Equal(100, CountReady());

        started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2 * Models), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (call, cancellation) =>
        {
            // Half of the calls go to few models, as they do.
            var index = call % 2 == 0 ? call / 2 : call % 7;
            var result = await server.InferAsync($"m{index:0000}", cancellation, new InferenceInput("x", "FP32", [1, 1], BitConverter.GetBytes(1f)));
            Assert.Equal(1f + index, MemoryMarshal.Read<float>(result.Outputs[0].Tensor.ToRaw().Span));
        });
        output.WriteLine($"{2 * Models} calls of {Models} models, 100 in memory: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, resident {ReadResident() >> 20} MiB.");

        Assert.InRange(CountReady(), 90, 100);
        Assert.Equal(Models, (await server.Servables.GetIndexAsync(false, Cancellation)).Count);

        int CountReady() => server.Servables.List().Count(static status => status.State == ServableState.Ready);
    }

    [Fact]
    public async Task Load_BeyondTheBudget_FreesTheLeastRecentAndKeepsThePinned()
    {
        await using var server = new FolderServer();
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            server.Add(name, 1, MakeBig());
        }

        server.Configure("b", "pinned: true");

        // Room for three of them at most: a share of the memory that this process may use.
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        await server.StartAsync(Cancellation, ("GpuNodes:MemoryBudget:CpuShare", FormattableString.Invariant($"{3.6 * WeightBytes / total:R}")));
        foreach (var name in (string[])["a", "b", "c", "d", "a", "c"])
        {
            await server.InferAsync(name, Cancellation, new InferenceInput("x", "FP32", [1, Columns], new byte[4 * Columns]));
        }

        var ready = server.Servables.List().Where(static status => status.State == ServableState.Ready).ToList();
        output.WriteLine(string.Join(", ", ready.Select(static status => $"{status.Model.Name} {status.MemoryBytes / 1048576.0:0.0} MiB")));
        Assert.Contains(ready, static status => status.Model.Name == "b");
        Assert.Contains(ready, static status => status.Model.Name == "c");
        Assert.True(ready.Sum(static status => status.MemoryBytes) <= 3.6 * WeightBytes);
        Assert.InRange(ready.Count, 2, 3);
    }

    private static byte[] MakeBig()
    {
        var weights = new float[Columns * 4096];
        weights.AsSpan().Fill(0.5f);
        return new OnnxGraphBuilder("big").AddInput(new("x", TensorDtype.Float32, [-1, Columns]))
            .AddInitializer("w", weights, [Columns, 4096])
            .AddNode("MatMul", ["x", "w"], ["y"])
            .AddOutput(new("y", TensorDtype.Float32, [-1, 4096])).ToBytes();
    }

    private static byte[] MakeSmall(int offset) => new OnnxGraphBuilder("small").AddInput(new("x", TensorDtype.Float32, [-1, 1]))
        .AddInitializer("offset", [(float)offset], [1])
        .AddNode("Add", ["x", "offset"], ["y"])
        .AddOutput(new("y", TensorDtype.Float32, [-1, 1])).ToBytes();

    /// <summary>Resident bytes of this process after everything managed that is free was given back.</summary>
    private static long ReadResident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), timeout.Token);
        }
    }
}
