using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Parameters of Triton's onnxruntime backend, as options of ONNX Runtime.</summary>
internal static class OnnxParameters
{
    /// <summary>What the free parameters of a configuration say to ONNX Runtime; others are left alone, as Triton leaves them.</summary>
    /// <exception cref="ModelConfigException">One of them has a value that it cannot have.</exception>
    public static OnnxSettings Apply(OnnxSettings settings, IReadOnlyDictionary<string, string> parameters)
    {
        foreach (var (key, value) in parameters)
        {
            settings = key switch
            {
                "intra_op_thread_count" => settings with { Threads = ReadThreads(key, value) },
                "enable_mem_arena" => settings with { UsesMemoryArena = ReadFlag(key, value) },
                "enable_mem_pattern" => settings with { UsesMemoryPattern = ReadFlag(key, value) },
                _ when key.StartsWith("session.", StringComparison.Ordinal) || key.StartsWith("optimization.", StringComparison.Ordinal) =>
                    settings with { SessionEntries = new Dictionary<string, string>(settings.SessionEntries) { [key] = value } },
                _ => settings,
            };
        }

        return settings;
    }

    /// <summary>Triton's own names for options of TensorRT, and those of ONNX Runtime as they are.</summary>
    public static IReadOnlyDictionary<string, string> ToTensorRt(IReadOnlyDictionary<string, string> options, ConfigNode place)
    {
        var translated = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in options)
        {
            switch (key, value)
            {
                case ("precision_mode", "FP32"):
                    break;
                case ("precision_mode", "FP16"):
                    translated["trt_fp16_enable"] = "1";
                    break;
                case ("precision_mode", "INT8"):
                    translated["trt_int8_enable"] = "1";
                    break;
                case ("precision_mode", _):
                    throw new ModelConfigException(place.Line, place.Column, $"precision_mode is '{value}'; expected FP32, FP16 or INT8");
                case ("max_workspace_size_bytes", _):
                    translated["trt_max_workspace_size"] = value;
                    break;
                default:
                    translated[key] = value;
                    break;
            }
        }

        return translated;
    }

    // 0 is the engine's own choice there, and the pool that all models share here.
    private static int? ReadThreads(string key, string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads <= 256
        ? threads == 0 ? null : threads
        : throw new ModelConfigException(1, 1, $"the parameter {key} is '{value}'; expected 0 to 256");

    private static bool ReadFlag(string key, string value) => value switch
    {
        "1" or "true" => true,
        "0" or "false" => false,
        _ => throw new ModelConfigException(1, 1, $"the parameter {key} is '{value}'; expected 0 or 1"),
    };
}
