using ZeroWorld.ML.Models.Onnx.Protos;
using DataType = ZeroWorld.ML.Models.Onnx.Protos.TensorProto.Types.DataType;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>Element types that the nodes of a graph give, from those that they take: by the operators' definitions in the ONNX standard.</summary>
/// <remarks>For values whose type a file does not write down, which is so where their number of dimensions is not known.</remarks>
internal static class OnnxValueTypes
{
    private static readonly HashSet<string> GiveBool = new(StringComparer.Ordinal)
    {
        "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Not", "Or", "Xor", "RegexFullMatch", "OptionalHasElement",
    };

    private static readonly HashSet<string> GiveInt64 = new(StringComparer.Ordinal) { "ArgMax", "ArgMin", "NonMaxSuppression", "NonZero", "SequenceLength", "Shape", "Size" };

    /// <param name="node">A node of the standard's own operator set.</param>
    /// <param name="output">Which of its outputs.</param>
    /// <param name="typeOf">Types of its inputs; <see cref="DataType.Undefined"/> for those that are not known.</param>
    /// <returns><see cref="DataType.Undefined"/> when the type is not known.</returns>
    public static DataType Infer(NodeProto node, int output, Func<string, DataType> typeOf)
    {
        if (node.Domain is not ("" or "ai.onnx"))
        {
            return DataType.Undefined;
        }

        return (node.OpType, output) switch
        {
            var (type, _) when GiveBool.Contains(type) => DataType.Bool,
            var (type, _) when GiveInt64.Contains(type) => DataType.Int64,
            ("Cast", _) => Attribute(node, "to", DataType.Undefined),
            ("CastLike" or "DequantizeLinear", _) => Input(1),
            ("Constant", _) => OfConstant(node),
            ("ConstantOfShape", _) => (DataType)(node.Attribute.FirstOrDefault(static attribute => attribute.Name == "value")?.T?.DataType ?? (int)DataType.Float),
            ("EyeLike" or "Bernoulli" or "RandomNormalLike" or "RandomUniformLike", _) => Attribute(node, "dtype", Input(0)),
            ("RandomNormal" or "RandomUniform", _) => Attribute(node, "dtype", DataType.Float),
            ("Multinomial", _) => Attribute(node, "dtype", DataType.Int32),
            ("BlackmanWindow" or "HammingWindow" or "HannWindow", _) => Attribute(node, "output_datatype", DataType.Float),
            ("MelWeightMatrix", _) => Attribute(node, "output_datatype", DataType.Float),
            ("OneHot", _) => Input(2),
            ("Where", _) => Input(1),
            ("TopK" or "MaxPool", 1) or ("Unique", > 0) or ("StringSplit", 1) => DataType.Int64,
            ("Dropout", 1) => DataType.Bool,
            ("QuantizeLinear", _) => Input(2) is not DataType.Undefined and var zeroPoint ? zeroPoint : Attribute(node, "output_dtype", DataType.Uint8),
            ("DynamicQuantizeLinear", 1) => DataType.Float,
            ("DynamicQuantizeLinear" or "ImageDecoder", _) => DataType.Uint8,
            ("ConvInteger" or "MatMulInteger", _) => DataType.Int32,
            ("QLinearMatMul" or "QLinearConv", _) => Input(7),
            ("TfIdfVectorizer", _) => DataType.Float,
            ("If" or "Loop" or "Scan" or "SequenceAt" or "SequenceMap" or "ConcatFromSequence" or "OptionalGetElement", _) => DataType.Undefined,
            _ => Input(0),
        };

        DataType Input(int index) => index < node.Input.Count && node.Input[index].Length > 0 ? typeOf(node.Input[index]) : DataType.Undefined;
    }

    private static DataType Attribute(NodeProto node, string name, DataType otherwise) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { I: > 0 } found ? (DataType)found.I : otherwise;

    private static DataType OfConstant(NodeProto node) => node.Attribute.FirstOrDefault()?.Name switch
    {
        "value" => (DataType)(node.Attribute[0].T?.DataType ?? 0),
        "value_float" or "value_floats" => DataType.Float,
        "value_int" or "value_ints" => DataType.Int64,
        "value_string" or "value_strings" => DataType.String,
        _ => DataType.Undefined,
    };
}
