using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Writes a trained recommender as ONNX.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><description><c>item-neighbours</c>, <c>user-neighbours</c>, <c>ease</c>, <c>als</c>, <c>two-tower</c>, <c>content</c>: <c>history</c> INT64 [rows, n] of item indexes and <c>weights</c>
/// FP32 [rows, n], 0 where a place is empty (index 0 there), to <c>scores</c> FP32 [rows, items]. The graph of <c>als</c> folds the history in: <see cref="FoldInGraph"/>.</description></item>
/// <item><description><c>sasrec</c>: <c>history</c>, the oldest first, filled on the right with 0, and <c>last</c> FP32 [rows, n], 1 at the newest place, to <c>scores</c>.</description></item>
/// <item><description><c>mf</c>: <c>query</c> FP32 [rows, length], the user's factor, to <c>scores</c>. How a stranger's factor is learned is a loop over drawn items, which is no graph of tensors.</description></item>
/// <item><description><c>neumf</c>: <c>user</c> and <c>item</c> INT64 [rows] to <c>score</c> FP32 [rows, 1].</description></item>
/// <item><description><c>hybrid</c>: the one <c>history</c> and, for its part I, <c>weights_I</c>, <c>last_I</c> or <c>query_I</c>.</description></item>
/// </list>
/// All but <c>neumf</c> also give <c>top_items</c> INT64 and <c>top_scores</c> FP32 [rows, min(100, items)]: the exact best of all items.
/// </remarks>
internal static class RecommenderGraph
{
    internal const int TopCount = 100;

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: too large for one file. <see cref="TrainingError.InvalidInput"/>: a model that ONNX does not express here.</exception>
    internal static void Write(string path, IRecommender model)
    {
        var graph = new GraphWriter(model.Algorithm);
        foreach (var input in GraphInput.Of(model))
        {
            graph.Input(input.Name, input.Dtype, input.Shape);
        }

        if (model is NeuMfModel network)
        {
            graph.Output(Network(graph, network.Network), "score", TensorDtype.Float32, -1, 1);
        }
        else
        {
            var scores = model is HybridModel hybrid ? Hybrid(graph, hybrid) : Scores(graph, model, "");
            graph.Output(scores, "scores", TensorDtype.Float32, -1, model.ItemCount);
            graph.TopOutputs(scores, Math.Min(TopCount, model.ItemCount));
        }

        graph.Write(path);
    }

    private static string Scores(GraphWriter graph, IRecommender model, string suffix)
    {
        var weights = $"weights{suffix}";
        return model switch
        {
            SampledFactorModel factors => graph.ProductWithAll($"query{suffix}", factors.ItemVectors, factors.QueryLength),
            FactorModel factors => FoldInGraph.Add(graph, factors, "history", weights),
            ItemNeighbourModel neighbours => Neighbours(graph, neighbours.Neighbours, weights),
            EaseModel ease => graph.Node("MatMul", [Dense(graph, weights, ease.ItemCount), graph.Constant(ease.Weights, ease.ItemCount, ease.ItemCount)]),
            UserNeighbourModel users => Users(graph, users, weights),
            TwoTowerModel towers => Towers(graph, towers, weights),
            SelfAttentionModel attention => SelfAttentionGraph.Add(graph, attention, "history", $"last{suffix}"),
            ContentModel content => ContentGraph.Add(graph, content, "history", weights),
            _ => throw new TrainingException(TrainingError.InvalidInput, $"There is no ONNX graph of the algorithm '{model.Algorithm}'."),
        };
    }

    /// <summary>The sum of the parts' scores, each at mean 0 and deviation 1 over the catalogue.</summary>
    private static string Hybrid(GraphWriter graph, HybridModel model)
    {
        string? sum = null;
        for (var part = 0; part < model.Parts.Count; part++)
        {
            var scores = Scores(graph, model.Parts[part].Model, $"_{part}");
            var centred = graph.Node("Sub", [scores, Mean(scores)]);
            var deviation = graph.Node("Sqrt", [Mean(graph.Node("Mul", [centred, centred]))]);

            // Scores that are all equal say nothing.
            var isFlat = graph.Node("Equal", [deviation, graph.Constant([0f], 1)]);
            var scale = graph.Node("Div", [graph.Constant([model.Parts[part].Weight], 1), graph.Node("Where", [isFlat, graph.Constant([1f], 1), deviation])]);
            var weighted = graph.Node("Mul", [centred, scale]);
            sum = sum is null ? weighted : graph.Node("Add", [sum, weighted]);
        }

        return sum!;

        string Mean(string values) => graph.Node("Mul", [graph.Node("ReduceSum", [values, graph.Axes(1)]), graph.Constant([1f / model.ItemCount], 1)]);
    }

    /// <summary>The weights as rows over the catalogue.</summary>
    private static string Dense(GraphWriter graph, string weights, int items) => graph.ScatterAdd(graph.ZerosLike("history", items), "history", weights);

    private static string Neighbours(GraphWriter graph, SparseRows rows, string weights)
    {
        var width = Math.Max(1, Enumerable.Range(0, rows.RowCount).Max(row => rows.ColumnsOf(row).Length));
        if ((long)width * 3 >= rows.RowCount)
        {
            var dense = new float[rows.RowCount * rows.RowCount];
            for (var row = 0; row < rows.RowCount; row++)
            {
                rows.AddRow(row, 1, dense.AsSpan(row * rows.RowCount, rows.RowCount));
            }

            return graph.Node("MatMul", [Dense(graph, weights, rows.RowCount), graph.Constant(dense, rows.RowCount, rows.RowCount)]);
        }

        var (columns, values) = (new long[(long)rows.RowCount * width], new float[(long)rows.RowCount * width]);
        for (var row = 0; row < rows.RowCount; row++)
        {
            for (var index = 0; index < rows.ColumnsOf(row).Length; index++)
            {
                columns[(row * width) + index] = rows.ColumnsOf(row)[index];
                values[(row * width) + index] = rows.ValuesOf(row)[index];
            }
        }

        var near = graph.Node("Gather", [graph.Constant(columns, rows.RowCount, width), "history"]);
        var weighted = graph.Node("Mul", [graph.Node("Gather", [graph.Constant(values, rows.RowCount, width), "history"]), graph.Node("Unsqueeze", [weights, graph.Axes(2)])]);
        var flat = graph.Axes(0, -1);
        return graph.ScatterAdd(graph.ZerosLike("history", rows.RowCount), graph.Node("Reshape", [near, flat]), graph.Node("Reshape", [weighted, flat]));
    }

    private static string Users(GraphWriter graph, UserNeighbourModel model, string weights)
    {
        var set = model.Histories;
        var matrix = new float[(long)set.UserCount * set.ItemCount];
        var turned = new float[matrix.Length];
        var counts = new float[set.UserCount];
        for (var user = 0; user < set.UserCount; user++)
        {
            counts[user] = Math.Max(1, set.ItemsOf(user).Length);
            foreach (var item in set.ItemsOf(user))
            {
                matrix[((long)user * set.ItemCount) + item] = 1;
                turned[((long)item * set.UserCount) + user] = 1;
            }
        }

        var dense = Dense(graph, weights, set.ItemCount);
        var common = graph.Node("MatMul", [dense, graph.Constant(turned, set.ItemCount, set.UserCount)]);
        var own = graph.Node("ReduceSum", [weights, graph.Axes(1)]);
        var norm = graph.Node("Add", [graph.Node("Sqrt", [graph.Node("Mul", [own, graph.Constant(counts, 1, set.UserCount)])]), graph.Constant([(float)model.Shrink + float.Epsilon], 1)]);
        var alike = graph.Node("Div", [common, norm]);
        var (values, users) = graph.TopK(alike, Math.Min(model.Neighbours, set.UserCount));
        var chosen = graph.ScatterAdd(graph.ZerosLike("history", set.UserCount), users, values);
        return graph.Node("MatMul", [chosen, graph.Constant(matrix, set.UserCount, set.ItemCount)]);
    }

    private static string Towers(GraphWriter graph, TwoTowerModel model, string weights)
    {
        var (size, hidden) = (model.Settings.Dimensions, model.Settings.Hidden);
        var embeddings = graph.Node("Gather", [graph.Constant(model.Inputs, model.ItemCount, size), "history"]);
        var sum = graph.Node("ReduceSum", [graph.Node("Mul", [embeddings, graph.Node("Unsqueeze", [weights, graph.Axes(2)])]), graph.Axes(1)], OnnxAttribute.Of("keepdims", 0L));
        var mean = graph.Node("Div", [sum, graph.Node("ReduceSum", [weights, graph.Axes(1)])]);
        var inner = graph.Node("Relu", [graph.Linear(mean, model.Layers[0], model.Layers[1], size, hidden)]);
        var query = graph.Node("Add", [mean, graph.Linear(inner, model.Layers[2], model.Layers[3], hidden, size)]);
        return graph.ProductWithAll(query, model.ItemVectors, size);
    }

    private static string Network(GraphWriter graph, NeuMfNetwork network)
    {
        var (stride, half) = (network.Factors.Stride, network.HalfInput);
        const string user = "user";
        const string item = "item";
        var products = graph.Node(
            "Mul",
            [
                graph.Node("Gather", [graph.Constant(network.Factors.Users, network.Factors.Users.Length / stride, stride), user]),
                graph.Node("Gather", [graph.Constant(network.Factors.Items, network.Factors.ItemCount, stride), item]),
            ]);
        var values = graph.Node(
            "Concat",
            [
                graph.Node("Gather", [graph.Constant(network.UserInputs, network.UserInputs.Length / half, half), user]),
                graph.Node("Gather", [graph.Constant(network.ItemInputs, network.Factors.ItemCount, half), item]),
            ],
            OnnxAttribute.Of("axis", 1L));
        foreach (var layer in network.Layers)
        {
            values = graph.Node("Relu", [graph.Linear(values, layer.Weights, layer.Biases, layer.Inputs, layer.Outputs)]);
        }

        var factorPart = graph.Linear(products, network.FactorWeights, [network.Factors.Bias], stride, 1);
        return graph.Node("Add", [factorPart, graph.Linear(values, network.OutputWeights, [], network.OutputWeights.Length, 1)]);
    }
}
