using System.Collections.Frozen;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Makes the options of a session from the settings of its model and the device that it was placed on.</summary>
internal static class OnnxSessionOptions
{
    private const string CudaProvider = "CUDAExecutionProvider";
    private const string TensorRtProvider = "TensorrtExecutionProvider";
    private const string MemoryLimit = "gpu_mem_limit";
    private static readonly string[] EntryPrefixes = ["session.", "optimization.", "ep.", "mlas."];

    /// <summary>Options of the CUDA provider (onnxruntime.ai, CUDA Execution Provider). The device comes from the placement.</summary>
    private static readonly FrozenSet<string> CudaOptions = FrozenSet.ToFrozenSet(
    [
        MemoryLimit, "arena_extend_strategy", "cudnn_conv_algo_search", "do_copy_in_default_stream", "cudnn_conv_use_max_workspace", "cudnn_conv1d_pad_to_nc1d",
        "enable_skip_layer_norm_strict_mode", "use_tf32", "prefer_nhwc", "fuse_conv_bias", "sdpa_kernel", "use_ep_level_unified_stream", "tunable_op_enable", "tunable_op_tuning_enable",
        "tunable_op_max_tuning_duration_ms",
    ]);

    /// <summary>Options of the TensorRT provider (onnxruntime.ai, TensorRT Execution Provider).</summary>
    private static readonly FrozenSet<string> TensorRtOptions = FrozenSet.ToFrozenSet(
    [
        "trt_max_workspace_size", "trt_max_partition_iterations", "trt_min_subgraph_size", "trt_fp16_enable", "trt_bf16_enable", "trt_int8_enable", "trt_int8_calibration_table_name",
        "trt_int8_use_native_calibration_table", "trt_dla_enable", "trt_dla_core", "trt_engine_cache_enable", "trt_engine_cache_path", "trt_engine_cache_prefix", "trt_timing_cache_enable",
        "trt_timing_cache_path", "trt_force_timing_cache", "trt_detailed_build_log", "trt_build_heuristics_enable", "trt_sparsity_enable", "trt_builder_optimization_level", "trt_auxiliary_streams",
        "trt_tactic_sources", "trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes", "trt_context_memory_sharing_enable", "trt_layer_norm_fp32_fallback",
        "trt_dump_ep_context_model", "trt_ep_context_file_path", "trt_ep_context_embed_mode", "trt_weight_stripped_engine_enable", "trt_engine_hw_compatible",
    ]);

    /// <summary>What the engine's own defaults do badly: an arena that doubles, and a search of seconds for every new shape.</summary>
    private static readonly (string Name, string Value)[] CudaDefaults = [("arena_extend_strategy", "kSameAsRequested"), ("cudnn_conv_algo_search", "HEURISTIC")];

    /// <param name="memoryBytesMax">The most that it may take of a GPU; <see langword="null"/>: no limit.</param>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>, with the setting that cannot be met.</exception>
    /// <exception cref="OnnxRuntimeException">The engine does not take a value.</exception>
    public static SessionOptions Create(ModelPackage package, string device, long? memoryBytesMax, OnnxEnvironment environment)
    {
        var settings = package.Settings.Onnx;
        var options = new SessionOptions
        {
            LogId = package.Manifest.Name,

            // What goes wrong comes as an exception; the engine would write it to the standard error too, once per bad request.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = settings.GraphOptimization switch
            {
                "none" => GraphOptimizationLevel.ORT_DISABLE_ALL,
                "basic" => GraphOptimizationLevel.ORT_ENABLE_BASIC,
                "extended" => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
                _ => GraphOptimizationLevel.ORT_ENABLE_ALL,
            },
            EnableCpuMemArena = settings.UsesMemoryArena,
            EnableMemoryPattern = settings.UsesMemoryPattern,
        };
        try
        {
            environment.ApplyThreads(options, settings.Threads);
            foreach (var (name, value) in settings.SessionEntries)
            {
                if (!EntryPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
                {
                    throw Refuse(package, $"name the session entry '{name}'; expected one that begins with {string.Join(", ", EntryPrefixes)}");
                }

                options.AddSessionConfigEntry(name, value);
            }

            AddProviders(package, device, memoryBytesMax, environment, options);
            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    /// <returns><see langword="false"/> when the device is no <c>cuda:N</c>.</returns>
    public static bool TryGetCudaIndex(string device, out int index)
    {
        index = 0;
        return device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    private static void AddProviders(ModelPackage package, string device, long? memoryBytesMax, OnnxEnvironment environment, SessionOptions options)
    {
        var settings = package.Settings.Onnx;
        foreach (var (provider, asked) in new[] { (CudaProvider, settings.Cuda), (TensorRtProvider, settings.TensorRt) })
        {
            if (asked is not null && !environment.Providers.Contains(provider))
            {
                throw Refuse(package, $"give options of {provider}, which this build of ONNX Runtime does not have ({string.Join(", ", environment.Providers)}). A CUDA build is made with -p:Accelerator=cuda");
            }
        }

        CheckNames(package, "cuda", settings.Cuda, CudaOptions);
        CheckNames(package, "tensorrt", settings.TensorRt, TensorRtOptions);
        if (device == "cpu")
        {
            if (settings.Cuda is not null || settings.TensorRt is not null)
            {
                throw Refuse(package, "give options of a GPU, and the model was placed on the CPU: set device to cuda, or leave them out");
            }

            return;
        }

        if (!TryGetCudaIndex(device, out var ordinal) || !environment.Providers.Contains(CudaProvider))
        {
            throw new ServingException(
                ServingError.ModelRefused,
                $"The model file '{package.Manifest.ModelFile}' cannot be loaded: it was placed on '{device}', and this build of ONNX Runtime runs on {(environment.Providers.Contains(CudaProvider) ? "cuda and cpu" : "cpu")}. A CUDA build is made with -p:Accelerator=cuda.");
        }

        var index = ordinal.ToString(CultureInfo.InvariantCulture);
        if (settings.TensorRt is { } tensorRt)
        {
            using var provider = new OrtTensorRTProviderOptions();
            provider.UpdateOptions(new Dictionary<string, string>(tensorRt) { ["device_id"] = index });
            options.AppendExecutionProvider_Tensorrt(provider);
        }

        var cuda = CudaDefaults.ToDictionary(static item => item.Name, static item => item.Value);
        foreach (var (name, value) in settings.Cuda ?? new Dictionary<string, string>())
        {
            cuda[name] = value;
        }

        if (memoryBytesMax is { } room && !(cuda.TryGetValue(MemoryLimit, out var given) && long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit <= room))
        {
            cuda[MemoryLimit] = room.ToString(CultureInfo.InvariantCulture);
        }

        cuda["device_id"] = index;
        using var cudaProvider = new OrtCUDAProviderOptions();
        cudaProvider.UpdateOptions(cuda);
        options.AppendExecutionProvider_CUDA(cudaProvider);
    }

    private static void CheckNames(ModelPackage package, string provider, IReadOnlyDictionary<string, string>? asked, FrozenSet<string> known)
    {
        foreach (var name in asked?.Keys ?? [])
        {
            if (name is "enable_cuda_graph" or "trt_cuda_graph_enable")
            {
                throw Refuse(package, $"set '{name}' of {provider}, which is not supported here: a captured graph needs buffers that never move");
            }

            if (!known.Contains(name))
            {
                throw Refuse(package, $"give '{name}' of {provider}, which there is not, or which the server decides itself; expected one of {string.Join(", ", known.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private static ServingException Refuse(ModelPackage package, string reason) =>
        new(ServingError.ModelRefused, $"The settings of the model '{package.Manifest.Name}' {reason}.");
}
