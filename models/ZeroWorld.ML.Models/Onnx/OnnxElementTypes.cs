using static ZeroWorld.ML.Models.Onnx.Protos.TensorProto.Types;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>ONNX element types and the datatypes of the Open Inference Protocol.</summary>
internal static class OnnxElementTypes
{
    private static readonly Dictionary<DataType, TensorDtype> Dtypes = new()
    {
        [DataType.Float] = TensorDtype.Float32,
        [DataType.Uint8] = TensorDtype.UInt8,
        [DataType.Int8] = TensorDtype.Int8,
        [DataType.Uint16] = TensorDtype.UInt16,
        [DataType.Int16] = TensorDtype.Int16,
        [DataType.Int32] = TensorDtype.Int32,
        [DataType.Int64] = TensorDtype.Int64,
        [DataType.String] = TensorDtype.Bytes,
        [DataType.Bool] = TensorDtype.Bool,
        [DataType.Float16] = TensorDtype.Float16,
        [DataType.Double] = TensorDtype.Float64,
        [DataType.Uint32] = TensorDtype.UInt32,
        [DataType.Uint64] = TensorDtype.UInt64,
        [DataType.Bfloat16] = TensorDtype.BFloat16,
    };

    private static readonly Dictionary<TensorDtype, DataType> ElementTypes = Dtypes.ToDictionary(pair => pair.Value, pair => pair.Key);

    internal static DataType ToElementType(TensorDtype dtype) => ElementTypes[dtype];

    /// <returns><see langword="null"/> for complex numbers and for everything of 8 floating-point bits or fewer: the protocol has no name for them.</returns>
    internal static TensorDtype? ToDtype(int elementType) => Dtypes.TryGetValue((DataType)elementType, out var dtype) ? dtype : null;
}
