using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Measures a GPU through ONNX Runtime: what a model that is served there can hope for. Not for serving.</summary>
/// <remarks>Takes some seconds. Values are medians of warm runs unless they say otherwise.</remarks>
public static class OnnxDeviceMeter
{
    private const int ProductSize = 4096;
    private const int ProductCount = 16;
    private const int TransferElements = 64 << 20;
    private static readonly int[] Network = [64, 256, 256, 1];

    /// <param name="deviceIndex">CUDA ordinal.</param>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: something does not run there, with the runtime's reason.</exception>
    public static IReadOnlyList<DeviceMeasurement> Measure(int deviceIndex)
    {
        try
        {
            return [.. MeasureNetwork(deviceIndex), .. MeasureProducts(deviceIndex), .. MeasureTransfers(deviceIndex), .. MeasureMemory(deviceIndex)];
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new ServingException(ServingError.BackendFailed, $"ONNX Runtime cannot be measured on CUDA device {deviceIndex}: {exception.Message}", exception);
        }
    }

    private static IEnumerable<DeviceMeasurement> MeasureNetwork(int index)
    {
        var model = MeterModels.MakeNetwork(Network);
        var started = Stopwatch.GetTimestamp();
        using var session = Open(model, index, []);
        yield return new DeviceMeasurement("load of the network 64-256-256-1, the first of the process", Stopwatch.GetElapsedTime(started).TotalMilliseconds, "ms");
        using var input = OrtValue.CreateTensorValueFromMemory(MeterModels.Floats(new Random(1), 64 * Network[0], 1), [64, Network[0]]);
        using var output = OrtValue.CreateTensorValueFromMemory(new float[64], [64, 1]);
        using var run = new RunOptions();
        started = Stopwatch.GetTimestamp();
        session.Run(run, ["x"], [input], ["y"], [output]);
        yield return new DeviceMeasurement("its first run", Stopwatch.GetElapsedTime(started).TotalMilliseconds, "ms");
        yield return new DeviceMeasurement("a warm run of 64 rows, from and to the host", Time(200, () => session.Run(run, ["x"], [input], ["y"], [output])) * 1e6, "us");

        using var deviceInput = ToDevice(index, input);
        using var memory = new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, index, OrtMemType.Default);
        foreach (var (name, options) in new (string, Dictionary<string, string>)[] { ("kernel by kernel", []), ("as a CUDA graph", new() { ["enable_cuda_graph"] = "1" }) })
        {
            using var bound = Open(model, index, options);
            using var allocator = new OrtAllocator(bound, memory);
            using var deviceOutput = OrtValue.CreateAllocatedTensorValue(allocator, TensorElementType.Float, [64, 1]);
            using var binding = bound.CreateIoBinding();
            binding.BindInput("x", deviceInput);
            binding.BindOutput("y", deviceOutput);
            yield return new DeviceMeasurement($"a warm run of 64 rows within the GPU, {name}", Time(200, () => bound.RunWithBinding(run, binding)) * 1e6, "us");
        }
    }

    private static IEnumerable<DeviceMeasurement> MeasureProducts(int index)
    {
        const double Operations = 2.0 * ProductSize * ProductSize * ProductSize * ProductCount;
        foreach (var (name, isHalf, tf32) in new[] { ("FP32", false, "0"), ("TF32", false, "1"), ("FP16", true, "1") })
        {
            using var session = Open(MeterModels.MakeProducts(ProductSize, ProductCount, isHalf), index, new() { ["use_tf32"] = tf32 });
            using var input = OrtValue.CreateTensorValueFromMemory([1f], [1]);
            using var run = new RunOptions();
            yield return new DeviceMeasurement(
                $"{name} products of {ProductSize:N0} x {ProductSize:N0} matrices", Operations / Time(10, () => session.Run(run, ["x"], [input], ["y"]).Dispose()) / 1e12, "TFLOP/s");
        }
    }

    private static IEnumerable<DeviceMeasurement> MeasureTransfers(int index)
    {
        const double Gigabytes = TransferElements * 4.0 / 1e9;
        long[] shape = [TransferElements >> 10, 1 << 10];
        using var session = Open(MeterModels.MakeNegation(), index, []);
        using var pinnedMemory = new OrtMemoryInfo("CudaPinned", OrtAllocatorType.DeviceAllocator, index, OrtMemType.CpuOutput);
        using var deviceMemory = new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, index, OrtMemType.Default);
        using var pinnedAllocator = new OrtAllocator(session, pinnedMemory);
        using var pinned = OrtValue.CreateAllocatedTensorValue(pinnedAllocator, TensorElementType.Float, shape);
        using var pageable = OrtValue.CreateTensorValueFromMemory(MeterModels.Floats(new Random(1), TransferElements, 1), shape);
        using var output = OrtValue.CreateTensorValueFromMemory(new float[TransferElements], shape);
        using var binding = session.CreateIoBinding();
        using var run = new RunOptions();

        // Runs that differ in nothing but where their input comes from, or where their output goes.
        binding.BindOutputToDevice("y", deviceMemory);
        Bind(pageable);
        var within = Time(5, () => session.RunWithBinding(run, binding));
        foreach (var (name, host) in new[] { ("pageable", pageable), ("pinned", pinned) })
        {
            var both = Time(5, () =>
            {
                Bind(host);
                session.RunWithBinding(run, binding);
            });
            yield return new DeviceMeasurement($"host to device, {name}", Gigabytes / (both - within), "GB/s");
        }

        // The engine does not write outputs into pinned memory.
        Bind(pageable);
        binding.ClearBoundOutputs();
        binding.BindOutput("y", output);
        yield return new DeviceMeasurement("device to host, pageable", Gigabytes / (Time(5, () => session.RunWithBinding(run, binding)) - within), "GB/s");

        void Bind(OrtValue host)
        {
            binding.BindInput("x", host);
            binding.SynchronizeBoundInputs();
        }
    }

    private static IEnumerable<DeviceMeasurement> MeasureMemory(int index)
    {
        using var session = Open(MeterModels.MakeNetwork(4096, 4096, 8), index, []);
        using var arena = new DeviceArena(session, index);
        const double Mebibyte = 1 << 20;
        yield return new DeviceMeasurement("memory of 64.1 MiB of weights, loaded", (arena.ReadBytes() ?? 0) / Mebibyte, "MiB");
        using var input = OrtValue.CreateTensorValueFromMemory(MeterModels.Floats(new Random(1), 1024 * 4096, 1), [1024, 4096]);
        using var run = new RunOptions();
        session.Run(run, ["x"], [input], ["y"]).Dispose();
        yield return new DeviceMeasurement("the same after a run of 1,024 rows", (arena.ReadBytes() ?? 0) / Mebibyte, "MiB");
    }

    private static InferenceSession Open(byte[] model, int index, Dictionary<string, string> cuda)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var provider = new OrtCUDAProviderOptions();
        provider.UpdateOptions(new Dictionary<string, string>(cuda) { ["device_id"] = $"{index}" });
        options.AppendExecutionProvider_CUDA(provider);
        return new InferenceSession(model, options);
    }

    /// <summary>The negation of a tensor, in the memory of the GPU.</summary>
    private static OrtValue ToDevice(int index, OrtValue host)
    {
        using var session = Open(MeterModels.MakeNegation(), index, []);
        using var memory = new OrtMemoryInfo("Cuda", OrtAllocatorType.DeviceAllocator, index, OrtMemType.Default);
        using var binding = session.CreateIoBinding();
        using var run = new RunOptions();
        binding.BindInput("x", host);
        binding.BindOutputToDevice("y", memory);
        session.RunWithBinding(run, binding);

        // Its memory outlives the session: the value holds the allocator.
        return binding.GetOutputValues()[0];
    }

    /// <returns>Median seconds of some calls, after some that are not counted.</returns>
    private static double Time(int count, Action call)
    {
        var times = new double[count];
        for (var round = -Math.Max(3, count / 10); round < count; round++)
        {
            var started = Stopwatch.GetTimestamp();
            call();
            if (round >= 0)
            {
                times[round] = Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
        }

        Array.Sort(times);
        return times[count / 2];
    }
}
