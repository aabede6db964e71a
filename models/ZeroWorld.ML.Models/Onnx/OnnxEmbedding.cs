using ZeroWorld.ML.Models.Onnx.Protos;

namespace ZeroWorld.ML.Models.Onnx;

/// <summary>How many ids a model has rows of weights for. Pure functions.</summary>
public static class OnnxEmbedding
{
    private const long FileBytesMax = 1L << 31;

    /// <summary>Rows of the table that an input's ids are looked up in.</summary>
    /// <param name="input">Of integers.</param>
    /// <returns>The fewest of several tables; <see langword="null"/> where it cannot be told: no table of weights is looked up by the input as it is, or the file is larger than 2 GiB.</returns>
    public static long? RowsOf(string path, string input)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(input);
        if (new FileInfo(path).Length >= FileBytesMax)
        {
            return null;
        }

        ModelProto model;
        using (var stream = File.OpenRead(path))
        {
            model = ModelProto.Parser.ParseFrom(stream);
        }

        var tables = model.Graph.Initializer.Where(static tensor => tensor.Dims.Count == 2).ToDictionary(static tensor => tensor.Name, static tensor => tensor.Dims[0], StringComparer.Ordinal);
        var (names, rows) = (new HashSet<string>(StringComparer.Ordinal) { input }, (long?)null);
        foreach (var node in model.Graph.Node)
        {
            // Nodes stand in the order in which they run.
            if (node.OpType is "Cast" or "Identity" && names.Contains(node.Input[0]))
            {
                names.UnionWith(node.Output);
            }
            else if (node.OpType == "Gather" && names.Contains(node.Input[1]) && tables.TryGetValue(node.Input[0], out var count) && node.Attribute.All(static attribute => attribute is not { Name: "axis", I: not 0 }))
            {
                rows = Math.Min(rows ?? count, count);
            }
        }

        return rows;
    }
}
