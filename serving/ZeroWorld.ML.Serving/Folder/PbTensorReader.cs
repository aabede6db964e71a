using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An input or output of a <c>config.pbtxt</c>.</summary>
/// <param name="Spec">Name, datatype and dims.</param>
internal sealed record PbTensor(TensorSpec Spec)
{
    /// <value>The model's own dims; <see langword="null"/>: as requests have them.</value>
    public IReadOnlyList<long>? ModelDims { get; init; }

    /// <value>Whether requests that share a run may differ in its dims.</value>
    public bool IsRagged { get; init; }

    /// <value><c>NCHW</c>, <c>NHWC</c> or empty.</value>
    public string Format { get; init; } = "";

    /// <value>Name of the file with the names of its classes, or empty.</value>
    public string LabelFile { get; init; } = "";
}

/// <summary>Reads <c>input</c> and <c>output</c> of a <c>config.pbtxt</c>.</summary>
internal static class PbTensorReader
{
    private const int DimensionsMax = 32;

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static PbTensor Read(ConfigNode tensor)
    {
        var isInput = tensor.Name == "input";
        string? name = null, format = null, labelFile = null;
        TensorDtype? dtype = null;
        var (isOptional, isRagged) = (false, false);
        var dims = new List<long>();
        ConfigNode? reshape = null;
        foreach (var node in PbConfigReader.Message(tensor))
        {
            switch (node.Name)
            {
                case "name":
                    name = PbConfigReader.Text(node);
                    break;
                case "data_type":
                    dtype = ToDtype(node);
                    break;
                case "dims":
                    dims.Add(PbConfigReader.Number(node, -1, long.MaxValue));
                    break;
                case "reshape":
                    reshape = node;
                    break;
                case "optional" when isInput:
                    isOptional = PbConfigReader.Flag(node);
                    break;
                case "allow_ragged_batch" when isInput:
                    isRagged = PbConfigReader.Flag(node);
                    break;
                case "label_filename" when !isInput:
                    labelFile = PbConfigReader.Text(node);
                    break;
                case "format" when isInput:
                    format = node is { Kind: ConfigKind.Word, Text: "FORMAT_NONE" or "FORMAT_NCHW" or "FORMAT_NHWC" } ? node.Text : throw node.Wrong("FORMAT_NONE, FORMAT_NCHW or FORMAT_NHWC");
                    break;
                case "is_shape_tensor" or "allow_ragged_batch" or "is_non_linear_format_io" when !PbConfigReader.Flag(node):
                    break;
                case "is_shape_tensor" or "allow_ragged_batch" or "is_non_linear_format_io" or "format" or "label_filename":
                    throw new ModelConfigException(node.Line, node.Column, $"'{node.Name}' of the {tensor.Name} '{name}' is not supported here: tensors are passed as the model declares them");
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        if (string.IsNullOrEmpty(name))
        {
            throw new ModelConfigException(tensor.Line, tensor.Column, $"this {tensor.Name} has no name");
        }

        if (dims.Count > DimensionsMax)
        {
            throw new ModelConfigException(tensor.Line, tensor.Column, $"the {tensor.Name} '{name}' has {dims.Count} dims; expected at most {DimensionsMax}");
        }

        if (isRagged && (isOptional || reshape is not null))
        {
            throw new ModelConfigException(tensor.Line, tensor.Column, $"the input '{name}' has allow_ragged_batch and '{(isOptional ? "optional" : "reshape")}'; expected one of them");
        }

        var spec = new TensorSpec(name, dtype ?? throw new ModelConfigException(tensor.Line, tensor.Column, $"the {tensor.Name} '{name}' has no data_type"), dims) { IsOptional = isOptional };
        return new PbTensor(spec)
        {
            IsRagged = isRagged,
            ModelDims = reshape is null ? null : ReadReshape(reshape, tensor.Name, spec),
            Format = format is null or "FORMAT_NONE" ? "" : format["FORMAT_".Length..],
            LabelFile = labelFile ?? "",
        };
    }

    internal static TensorDtype ToDtype(ConfigNode node)
    {
        const string Prefix = "TYPE_";
        var name = node.Text == "TYPE_STRING" ? "BYTES" : node.Text.StartsWith(Prefix, StringComparison.Ordinal) ? node.Text[Prefix.Length..] : "";
        return node.Kind == ConfigKind.Word && name != "" && (name != "BYTES" || node.Text == "TYPE_STRING") && TensorDtypes.TryParse(name, out var dtype)
            ? dtype
            : throw node.Wrong("TYPE_BOOL, TYPE_UINT8 to TYPE_UINT64, TYPE_INT8 to TYPE_INT64, TYPE_FP16, TYPE_BF16, TYPE_FP32, TYPE_FP64 or TYPE_STRING");
    }

    private static List<long> ReadReshape(ConfigNode reshape, string kind, TensorSpec spec)
    {
        List<long> shape = [.. PbConfigReader.Message(reshape).Select(static field => PbConfigReader.Number(PbConfigReader.Only(field, "shape"), -1, long.MaxValue))];
        if (shape.Count > DimensionsMax)
        {
            throw new ModelConfigException(reshape.Line, reshape.Column, $"the {kind} '{spec.Name}' has a reshape of {shape.Count} dims; expected at most {DimensionsMax}");
        }

        return new TensorReshape(spec.Shape, shape).FindProblem() is { } problem
            ? throw new ModelConfigException(reshape.Line, reshape.Column, $"the {kind} '{spec.Name}' has dims that its reshape does not fit: {problem}")
            : shape;
    }
}
