using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Reads the signature of a session. Types that the Open Inference Protocol cannot carry are refused.</summary>
internal static class OnnxSignature
{
    /// <param name="session">The loaded model.</param>
    /// <param name="file">What its file declares: the engine tells a scalar from a tensor of any rank only there.</param>
    /// <param name="isShared">Whether the file gives the first axis of every tensor the same name.</param>
    /// <exception cref="NotSupportedException">A sentence that names the tensor and its type.</exception>
    public static ModelSignature Read(InferenceSession session, OnnxModel file, out bool isShared)
    {
        var inputs = Read("input", session.InputNames, session.InputMetadata, file.Inputs);
        var outputs = Read("output", session.OutputNames, session.OutputMetadata, file.Outputs);
        var optional = session.OverridableInitializerMetadata.Select(static item => Read("input", item.Key, item.Value, isAnyRank: false) with { IsOptional = true });
        string[] names = [.. FirstAxes(session.InputNames, session.InputMetadata), .. FirstAxes(session.OutputNames, session.OutputMetadata)];
        isShared = names.Length > 0 && names[0].Length > 0 && names.All(name => name == names[0]);
        return new ModelSignature([.. inputs, .. optional], outputs);
    }

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

    private static IEnumerable<string> FirstAxes(IReadOnlyList<string> names, IReadOnlyDictionary<string, NodeMetadata> metadata) =>
        names.Select(name => metadata[name].SymbolicDimensions is [{ } first, ..] ? first : "");

    private static TensorSpec[] Read(string kind, IReadOnlyList<string> names, IReadOnlyDictionary<string, NodeMetadata> metadata, IReadOnlyList<OnnxValue> declared) =>
        [.. names.Select(name => Read(kind, name, metadata[name], declared.FirstOrDefault(value => value.Name == name) is { Shape: null }))];

    private static TensorSpec Read(string kind, string name, NodeMetadata metadata, bool isAnyRank)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
        {
            throw new NotSupportedException($"the {kind} '{name}' is a {metadata.OnnxValueType.ToString()["ONNX_TYPE_".Length..].ToLowerInvariant()}; expected a tensor.");
        }

        if (!TryToDtype(metadata.ElementDataType, out var dtype))
        {
            throw new NotSupportedException($"the {kind} '{name}' has elements of type {metadata.ElementDataType}, which the Open Inference Protocol cannot carry.");
        }

        // For an output the engine may know the rank that the file does not say.
        return isAnyRank && metadata.Dimensions.Length == 0
            ? new TensorSpec(name, dtype, [-1]) { IsAnyRank = true }
            : new TensorSpec(name, dtype, [.. metadata.Dimensions.Select(static dimension => (long)dimension)]);
    }
}
