using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Reads the signature of a session. Types that the Open Inference Protocol cannot carry are refused.</summary>
internal static class OnnxSignature
{
    /// <exception cref="NotSupportedException">A sentence that names the tensor and its type.</exception>
    public static ModelSignature Read(InferenceSession session) => new(
        Read("input", session.InputNames, session.InputMetadata),
        Read("output", session.OutputNames, session.OutputMetadata));

    public static bool TryToDtype(TensorElementType type, out TensorDtype dtype)
    {
        dtype = type switch
        {
            TensorElementType.Bool => TensorDtype.Bool,
            TensorElementType.UInt8 => TensorDtype.UInt8,
            TensorElementType.UInt16 => TensorDtype.UInt16,
            TensorElementType.UInt32 => TensorDtype.UInt32,
            TensorElementType.UInt64 => TensorDtype.UInt64,
            TensorElementType.Int8 => TensorDtype.Int8,
            TensorElementType.Int16 => TensorDtype.Int16,
            TensorElementType.Int32 => TensorDtype.Int32,
            TensorElementType.Int64 => TensorDtype.Int64,
            TensorElementType.Float16 => TensorDtype.Float16,
            TensorElementType.BFloat16 => TensorDtype.BFloat16,
            TensorElementType.Float => TensorDtype.Float32,
            TensorElementType.Double => TensorDtype.Float64,
            TensorElementType.String => TensorDtype.Bytes,
            _ => default,
        };
        return dtype != default;
    }

    public static TensorElementType ToElementType(TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool => TensorElementType.Bool,
        TensorDtype.UInt8 => TensorElementType.UInt8,
        TensorDtype.UInt16 => TensorElementType.UInt16,
        TensorDtype.UInt32 => TensorElementType.UInt32,
        TensorDtype.UInt64 => TensorElementType.UInt64,
        TensorDtype.Int8 => TensorElementType.Int8,
        TensorDtype.Int16 => TensorElementType.Int16,
        TensorDtype.Int32 => TensorElementType.Int32,
        TensorDtype.Int64 => TensorElementType.Int64,
        TensorDtype.Float16 => TensorElementType.Float16,
        TensorDtype.BFloat16 => TensorElementType.BFloat16,
        TensorDtype.Float32 => TensorElementType.Float,
        TensorDtype.Float64 => TensorElementType.Double,
        _ => TensorElementType.String,
    };

    private static TensorSpec[] Read(string kind, IReadOnlyList<string> names, IReadOnlyDictionary<string, NodeMetadata> metadata) =>
        [.. names.Select(name => Read(kind, name, metadata[name]))];

    private static TensorSpec Read(string kind, string name, NodeMetadata metadata)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
        {
            throw new NotSupportedException($"the {kind} '{name}' is a {metadata.OnnxValueType.ToString()["ONNX_TYPE_".Length..].ToLowerInvariant()}; expected a tensor.");
        }

        if (!TryToDtype(metadata.ElementDataType, out var dtype))
        {
            throw new NotSupportedException($"the {kind} '{name}' has elements of type {metadata.ElementDataType}, which the Open Inference Protocol cannot carry.");
        }

        return new TensorSpec(name, dtype, [.. metadata.Dimensions.Select(static dimension => (long)dimension)]);
    }
}
