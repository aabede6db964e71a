namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Scores by attributes as ONNX: attributes of the history are gathered into a profile, and those of every item out of it.</summary>
internal static class ContentGraph
{
    internal static string Add(GraphWriter graph, ContentModel model, string history, string weights)
    {
        var (items, tokens) = (model.ItemCount, Math.Max(1, model.Attributes.Tokens.Count));
        var width = Math.Max(1, Enumerable.Range(0, items).Max(item => model.Attributes.TokensOf(item).Length));
        var (columns, values) = (new long[(long)items * width], new float[(long)items * width]);
        for (var item = 0; item < items; item++)
        {
            var own = model.Attributes.TokensOf(item);
            for (var place = 0; place < own.Length; place++)
            {
                (columns[(item * width) + place], values[(item * width) + place]) = (own[place], model.ValueOf(item, own[place]));
            }
        }

        // Empty places point at the first attribute with the value 0.
        var (attributes, shares) = (graph.Constant(columns, items, width), graph.Constant(values, items, width));
        var weighted = graph.Node("Mul", [graph.Node("Gather", [shares, history]), graph.Node("Unsqueeze", [weights, graph.Axes(2)])]);
        var flat = graph.Axes(0, -1);
        var profile = graph.ScatterAdd(
            graph.ZerosLike(history, tokens), graph.Node("Reshape", [graph.Node("Gather", [attributes, history]), flat]), graph.Node("Reshape", [weighted, flat]));
        var found = graph.Node("Gather", [profile, attributes], Models.Onnx.OnnxAttribute.Of("axis", 1L));
        return graph.Node("ReduceSum", [graph.Node("Mul", [found, shares]), graph.Axes(2)], Models.Onnx.OnnxAttribute.Of("keepdims", 0L));
    }
}
