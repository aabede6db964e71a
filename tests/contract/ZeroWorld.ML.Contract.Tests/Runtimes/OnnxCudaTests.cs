using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.OnnxRuntime;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What is particular to ONNX models on a GPU: memory, precision, options. Nothing else runs beside them: the driver counts for all.</summary>
[Collection(CudaCollection.Name)]
public sealed class OnnxCudaTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private readonly TempFolder _folder = new();
    private readonly OnnxModelRuntime _runtime = new(new OnnxRuntimeOptions());

    public OnnxCudaTests() => Cuda.SkipUnlessThere(_runtime);

    public static TheoryData<string, string> Options => new()
    {
        { "arena_extend_strategy", "kNextPowerOfTwo" }, { "cudnn_conv_algo_search", "EXHAUSTIVE" }, { "cudnn_conv_algo_search", "DEFAULT" }, { "do_copy_in_default_stream", "0" },
        { "cudnn_conv_use_max_workspace", "0" }, { "cudnn_conv1d_pad_to_nc1d", "1" }, { "enable_skip_layer_norm_strict_mode", "1" }, { "use_tf32", "0" }, { "prefer_nhwc", "1" },
        { "fuse_conv_bias", "1" }, { "sdpa_kernel", "0" }, { "use_ep_level_unified_stream", "1" }, { "tunable_op_enable", "1" }, { "gpu_mem_limit", "1073741824" },
    };

    [Theory]
    [InlineData("small", 1)]
    [InlineData("small", 33)]
    [InlineData("large", 1)]
    [InlineData("large", 64)]
    public void Run_Networks_GiveWhatTheCpuGives(string size, int rows)
    {
        var model = size == "small" ? CudaModels.MakeNetwork(64, 256, 256, 1) : CudaModels.MakeNetwork(512, 2048, 2048, 16);

        // FP32 on the tensor cores (TF32) keeps 10 bits of each factor, and without it all 23.
        Assert.InRange(Compare(model, rows, []), 0, 3e-3);
        Assert.InRange(Compare(model, rows, new Dictionary<string, string> { ["use_tf32"] = "0" }), 0, 1e-5);
    }

    [Theory]
    [InlineData("SqueezeNet_fp16.onnx", 3e-2)]
    [InlineData("light_resnet50.onnx", 3e-3)]
    [InlineData("silero_vad_16k_op15.onnx", 3e-3)]
    [InlineData("version-slim-320.onnx", 3e-3)]
    public void Run_RealModels_GiveWhatTheCpuGives(string file, double distanceMax) =>
        Assert.InRange(Compare(File.ReadAllBytes(SharedData.FindOrSkip($"onnx-models/{file}")), 1, []), 0, distanceMax);

    [Theory]
    [MemberData(nameof(Options))]
    public void Run_EveryOptionOfTheProvider_GivesTheSame(string name, string value)
    {
        if (name.StartsWith("cudnn", StringComparison.Ordinal) || name is "fuse_conv_bias" or "prefer_nhwc")
        {
            var convolutions = File.ReadAllBytes(SharedData.FindOrSkip("onnx-models/version-slim-320.onnx"));
            Assert.InRange(Compare(convolutions, 1, new Dictionary<string, string> { [name] = value }), 0, 3e-3);
        }

        Assert.InRange(Compare(CudaModels.MakeNetwork(64, 256, 256, 1), 8, new Dictionary<string, string> { [name] = value }), 0, 3e-3);
    }

    [Fact]
    public void Open_ValueThatTheProviderDoesNotTake_IsRefusedWithItsName()
    {
        var exception = Assert.Throws<ServingException>(() => Open(CudaModels.MakeNetwork(4, 4), new Dictionary<string, string> { ["use_tf32"] = "maybe" }));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("use_tf32", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenAndDispose_TwentyRounds_MemoryOfTheGpuIsFlat()
    {
        var model = CudaModels.MakeNetwork(512, 2048, 2048, 16);
        Round();
        Round();
        var before = Cuda.ReadUsedBytes();

        for (var round = 0; round < 20; round++)
        {
            Round();
        }

        // A model left behind each time would be 400 MiB.
        Assert.InRange(Cuda.ReadUsedBytes() - before, -1024 * Mebibyte, 40 * Mebibyte);

        void Round()
        {
            using var instance = Open(model);
            instance.Run(CudaModels.MakeInputs(instance.Signature, 64));
        }
    }

    [Fact]
    public void DeviceMemoryBytes_AfterARun_IsWhatTheDriverShows()
    {
        // 256 MiB of weights; a first session takes what CUDA itself needs.
        var model = CudaModels.MakeNetwork(8192, 8192, 8);
        using (var first = Open(CudaModels.MakeNetwork(64, 64, 8)))
        {
            first.Run(CudaModels.MakeInputs(first.Signature, 64));
            var before = Cuda.ReadUsedBytes();

            using var instance = Open(model);
            instance.Run(CudaModels.MakeInputs(instance.Signature, 64));

            var shown = Cuda.ReadUsedBytes() - before;
            var counted = Assert.NotNull(instance.DeviceMemoryBytes);
            Assert.InRange(counted, 256 * Mebibyte, 320 * Mebibyte);

            // What cuBLAS keeps for a stream of its own is not the arena's.
            Assert.InRange(shown - counted, -4 * Mebibyte, 128 * Mebibyte);
        }
    }

    [Fact]
    public void Run_MoreThanTheLimit_IsOverloadedAndTheNextRunIsAnswered()
    {
        using var instance = Open(CudaModels.MakeNetwork(64, 4096, 1), memoryBytesMax: 64 * Mebibyte);
        var small = CudaModels.MakeInputs(instance.Signature, 4);
        var expected = instance.Run(small)[0].Data.ToArray();

        // 64 Ki rows of 4,096 are 1 GiB between the layers.
        var exception = Assert.Throws<ServingException>(() => instance.Run(CudaModels.MakeInputs(instance.Signature, 65536)));

        Assert.Equal(ServingError.Overloaded, exception.Error);
        Assert.StartsWith("cuda:0 has no memory left for a run of this size: ", exception.Message, StringComparison.Ordinal);
        Assert.Equal(expected, instance.Run(small)[0].Data.ToArray());
        Assert.InRange(Assert.NotNull(instance.DeviceMemoryBytes), 1, 64 * Mebibyte);
    }

    [Fact]
    public void Open_MoreThanTheLimit_IsOverloadedAndAnotherLoads()
    {
        var exception = Assert.Throws<ServingException>(() => Open(CudaModels.MakeNetwork(2048, 2048, 1), memoryBytesMax: 4 * Mebibyte));
        using var other = Open(CudaModels.MakeNetwork(64, 64, 1), memoryBytesMax: 64 * Mebibyte);

        Assert.Equal(ServingError.Overloaded, exception.Error);
        Assert.Contains("cuda:0 has no memory left for it", exception.Message, StringComparison.Ordinal);
        Assert.Single(other.Run(CudaModels.MakeInputs(other.Signature, 1)));
    }

    [Fact]
    public async Task TryShare_RunsAtTheSameTime_GiveTheirOwnResults()
    {
        using var first = Open(CudaModels.MakeNetwork(512, 2048, 2048, 16));
        var instances = new List<IModelInstance> { first };
        for (var count = 1; count < 4; count++)
        {
            instances.Add(Assert.IsAssignableFrom<IModelInstance>(first.TryShare()));
        }

        try
        {
            var inputs = Enumerable.Range(1, 4).Select(rows => CudaModels.MakeInputs(first.Signature, rows * 8)).ToList();
            var expected = inputs.Select(input => first.Run(input)[0]).ToList();
            await Task.WhenAll(instances.Select((instance, index) => Task.Run(() =>
            {
                for (var round = 0; round < 200; round++)
                {
                    Assert.InRange(CudaModels.Distance(expected[index], instance.Run(inputs[index])[0]), 0, 1e-3);
                }
            })));
            Assert.All(instances.Skip(1), static shared => Assert.Equal(0, shared.DeviceMemoryBytes));
        }
        finally
        {
            instances.Skip(1).ToList().ForEach(static instance => instance.Dispose());
        }
    }

    [Fact]
    public void Run_ConvolutionsOfPaddedSizes_GiveWhatTheCpuGivesInEverySize()
    {
        var model = new OnnxGraphBuilder("convolution").AddInput(new TensorSpec("x", TensorDtype.Float32, [-1, 3, 8, 8]))
            .AddInitializer("w", [.. Enumerable.Range(0, 4 * 3 * 9).Select(static index => (index % 7) / 8f)], 4, 3, 3, 3)
            .AddNode("Conv", ["x", "w"], ["y"], [OnnxAttribute.Of("kernel_shape", [3L, 3])]).AddOutput(new TensorSpec("y", TensorDtype.Float32, [-1, 4, 6, 6])).ToBytes();
        using var cpu = Open(model, new ModelSettings(), device: "cpu");
        using var gpu = Open(model, new ModelSettings { Padding = new ModelPadding { Rows = [1, 4, 16] } });
        using var shared = gpu.TryShare();

        foreach (var rows in (int[])[1, 16, 4, 1, 4, 7, 16])
        {
            var inputs = CudaModels.MakeInputs(cpu.Signature, rows);
            var expected = cpu.Run(inputs)[0];
            Assert.InRange(CudaModels.Distance(expected, gpu.Run(inputs)[0]), 0, 3e-3);
            Assert.InRange(CudaModels.Distance(expected, shared!.Run(inputs)[0]), 0, 3e-3);
        }

        Assert.True(gpu.DeviceMemoryBytes > 0);
    }

    [Fact]
    public void Open_TensorRt_RunsOrIsRefusedWithTheLibrary()
    {
        var settings = new ModelSettings { Onnx = new OnnxSettings { TensorRt = new Dictionary<string, string>() } };
        try
        {
            using var instance = Open(CudaModels.MakeNetwork(64, 64, 1), settings);
            Assert.Single(instance.Run(CudaModels.MakeInputs(instance.Signature, 1)));
        }
        catch (ServingException exception)
        {
            Assert.Equal(ServingError.ModelRefused, exception.Error);
            Assert.Contains("tensorrt", exception.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    public void Dispose() => _folder.Dispose();

    private double Compare(byte[] model, int rows, Dictionary<string, string> options)
    {
        using var cpu = Open(model, new ModelSettings(), device: "cpu");
        using var gpu = Open(model, options);
        var inputs = CudaModels.MakeInputs(cpu.Signature, rows);
        return cpu.Run(inputs).Zip(gpu.Run(inputs), CudaModels.Distance).Max();
    }

    private IModelInstance Open(byte[] model, Dictionary<string, string>? options = null, long? memoryBytesMax = null) =>
        Open(model, new ModelSettings { Onnx = new OnnxSettings { Cuda = options } }, Cuda.Device, memoryBytesMax);

    private IModelInstance Open(byte[] model, ModelSettings settings, string device = Cuda.Device, long? memoryBytesMax = null)
    {
        var folder = Directory.CreateDirectory(_folder.Combine(Guid.NewGuid().ToString("n")));
        File.WriteAllBytes(Path.Combine(folder.FullName, "model.onnx"), model);
        var manifest = new ModelManifest
        {
            Format = 1,
            Project = "default",
            Name = "test",
            Runtime = "onnx",
            Files = new Dictionary<string, PackageFile>(),
            ModelFile = "model.onnx",
            Inputs = [],
            Outputs = [],
            Golden = null,
            Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
        };
        return _runtime.Open(new ModelPackage(folder.FullName, manifest, "test") { Settings = settings }, device, memoryBytesMax);
    }
}
