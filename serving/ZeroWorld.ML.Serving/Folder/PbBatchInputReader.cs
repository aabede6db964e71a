using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>batch_input</c> of a <c>config.pbtxt</c>.</summary>
internal static class PbBatchInputReader
{
    private static readonly Dictionary<string, BatchInputKind> Kinds = new(StringComparer.Ordinal)
    {
        ["BATCH_ELEMENT_COUNT"] = BatchInputKind.ElementCount,
        ["BATCH_ACCUMULATED_ELEMENT_COUNT"] = BatchInputKind.AccumulatedElementCount,
        ["BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO"] = BatchInputKind.AccumulatedElementCountWithZero,
        ["BATCH_MAX_ELEMENT_COUNT_AS_SHAPE"] = BatchInputKind.MaxElementCountAsShape,
        ["BATCH_ITEM_SHAPE"] = BatchInputKind.ItemShape,
        ["BATCH_ITEM_SHAPE_FLATTEN"] = BatchInputKind.ItemShapeFlatten,
    };

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static BatchInput Read(ConfigNode input)
    {
        var kind = BatchInputKind.ElementCount;
        var dtype = default(TensorDtype);
        var (targets, sources) = (new List<string>(), new List<string>());
        foreach (var node in PbConfigReader.Message(input))
        {
            switch (node.Name)
            {
                case "kind":
                    kind = node.Kind == ConfigKind.Word && Kinds.TryGetValue(node.Text, out var found) ? found : throw node.Wrong(string.Join(", ", Kinds.Keys));
                    break;
                case "target_name":
                    targets.Add(PbConfigReader.Text(node));
                    break;
                case "data_type":
                    dtype = PbTensorReader.ToDtype(node) is TensorDtype.Int32 or TensorDtype.Float32 ? PbTensorReader.ToDtype(node) : throw node.Wrong("TYPE_INT32 or TYPE_FP32");
                    break;
                case "source_input":
                    sources.Add(PbConfigReader.Text(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        return targets.Count == 1 && sources.Count == 1 && dtype != default
            ? new BatchInput(kind, targets[0], dtype, sources[0])
            : throw new ModelConfigException(input.Line, input.Column, $"this batch_input has {targets.Count} target_name, {sources.Count} source_input and {(dtype == default ? "no" : "a")} data_type; expected one of each");
    }
}
