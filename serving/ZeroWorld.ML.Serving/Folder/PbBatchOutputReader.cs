namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>batch_output</c> of a <c>config.pbtxt</c>.</summary>
internal static class PbBatchOutputReader
{
    private const string Kind = "BATCH_SCATTER_WITH_INPUT_SHAPE";

    /// <returns>Name of the output and of the input.</returns>
    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static (string Target, string Source) Read(ConfigNode output)
    {
        var (targets, sources) = (new List<string>(), new List<string>());
        foreach (var node in PbConfigReader.Message(output))
        {
            switch (node.Name)
            {
                case "kind" when node.Kind == ConfigKind.Word && node.Text == Kind:
                    break;
                case "kind":
                    throw node.Wrong(Kind);
                case "target_name":
                    targets.Add(PbConfigReader.Text(node));
                    break;
                case "source_input":
                    sources.Add(PbConfigReader.Text(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        return targets.Count == 1 && sources.Count == 1
            ? (targets[0], sources[0])
            : throw new ModelConfigException(output.Line, output.Column, $"this batch_output has {targets.Count} target_name and {sources.Count} source_input; expected one of each");
    }
}
