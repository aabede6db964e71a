using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Writes a trained recommender as ONNX.</summary>
/// <remarks>
/// <list type="bullet">
/// <item><description><c>als</c>, <c>mf</c>: <c>query</c> FP32 [rows, length], the user's factor, to <c>scores</c> FP32 [rows, items].</description></item>
/// <item><description><c>item-neighbours</c>, <c>ease</c>, <c>user-neighbours</c>, <c>two-tower</c>: <c>history</c> INT64 [rows, n] of item indexes and <c>weights</c> FP32 [rows, n], 0 where
/// a place is empty (index 0 there), to <c>scores</c>.</description></item>
/// <item><description><c>sasrec</c>: <c>history</c> INT64 [rows, n], the oldest first, filled on the right with 0, and <c>last</c> FP32 [rows, n], 1 at the newest place, to <c>scores</c>.</description></item>
/// <item><description><c>neumf</c>: <c>user</c> and <c>item</c> INT64 [rows] to <c>score</c> FP32 [rows, 1].</description></item>
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
        var scores = model switch
        {
            FactorModel or SampledFactorModel => Factors(graph, (IQueryRecommender)model),
            ItemNeighbourModel neighbours => Neighbours(graph, neighbours.Neighbours),
            EaseModel ease => graph.Node("MatMul", [Histories(graph, ease.ItemCount).Dense, graph.Constant(ease.Weights, ease.ItemCount, ease.ItemCount)]),
            UserNeighbourModel users => Users(graph, users),
            TwoTowerModel towers => Towers(graph, towers),
            SelfAttentionModel attention => SelfAttentionGraph.Add(graph, attention),
            NeuMfModel network => Network(graph, network.Network),
            _ => throw new TrainingException(TrainingError.InvalidInput, $"There is no ONNX graph of the algorithm '{model.Algorithm}'."),
        };
        if (model is NeuMfModel)
        {
            graph.Output(scores, "score", TensorDtype.Float32, -1, 1);
        }
        else
        {
            graph.Output(scores, "scores", TensorDtype.Float32, -1, model.ItemCount);
            graph.TopOutputs(scores, Math.Min(TopCount, model.ItemCount));
        }

        graph.Write(path);
    }

    private static string Factors(GraphWriter graph, IQueryRecommender model) =>
        graph.ProductWithAll(graph.Input("query", TensorDtype.Float32, -1, model.QueryLength), model.ItemVectors, model.QueryLength);

    private static (string Items, string Weights, string Dense) Histories(GraphWriter graph, int items)
    {
        var history = graph.Input("history", TensorDtype.Int64, -1, -1);
        var weights = graph.Input("weights", TensorDtype.Float32, -1, -1);
        return (history, weights, graph.ScatterAdd(graph.ZerosLike(history, items), history, weights));
    }

    private static string Neighbours(GraphWriter graph, SparseRows rows)
    {
        var width = Math.Max(1, Enumerable.Range(0, rows.RowCount).Max(row => rows.ColumnsOf(row).Length));
        if ((long)width * 3 >= rows.RowCount)
        {
            var dense = new float[rows.RowCount * rows.RowCount];
            for (var row = 0; row < rows.RowCount; row++)
            {
                rows.AddRow(row, 1, dense.AsSpan(row * rows.RowCount, rows.RowCount));
            }

            return graph.Node("MatMul", [Histories(graph, rows.RowCount).Dense, graph.Constant(dense, rows.RowCount, rows.RowCount)]);
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

        var history = graph.Input("history", TensorDtype.Int64, -1, -1);
        var weights = graph.Input("weights", TensorDtype.Float32, -1, -1);
        var near = graph.Node("Gather", [graph.Constant(columns, rows.RowCount, width), history]);
        var weighted = graph.Node("Mul", [graph.Node("Gather", [graph.Constant(values, rows.RowCount, width), history]), graph.Node("Unsqueeze", [weights, graph.Axes(2)])]);
        var flat = graph.Axes(0, -1);
        return graph.ScatterAdd(graph.ZerosLike(history, rows.RowCount), graph.Node("Reshape", [near, flat]), graph.Node("Reshape", [weighted, flat]));
    }

    private static string Users(GraphWriter graph, UserNeighbourModel model)
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

        var (history, weights, dense) = Histories(graph, set.ItemCount);
        var common = graph.Node("MatMul", [dense, graph.Constant(turned, set.ItemCount, set.UserCount)]);
        var own = graph.Node("ReduceSum", [weights, graph.Axes(1)]);
        var norm = graph.Node("Add", [graph.Node("Sqrt", [graph.Node("Mul", [own, graph.Constant(counts, 1, set.UserCount)])]), graph.Constant([(float)model.Shrink + float.Epsilon], 1)]);
        var alike = graph.Node("Div", [common, norm]);
        var (values, users) = graph.TopK(alike, Math.Min(model.Neighbours, set.UserCount));
        var chosen = graph.ScatterAdd(graph.ZerosLike(history, set.UserCount), users, values);
        return graph.Node("MatMul", [chosen, graph.Constant(matrix, set.UserCount, set.ItemCount)]);
    }

    private static string Towers(GraphWriter graph, TwoTowerModel model)
    {
        var (size, hidden) = (model.Settings.Dimensions, model.Settings.Hidden);
        var history = graph.Input("history", TensorDtype.Int64, -1, -1);
        var weights = graph.Input("weights", TensorDtype.Float32, -1, -1);
        var embeddings = graph.Node("Gather", [graph.Constant(model.Inputs, model.ItemCount, size), history]);
        var sum = graph.Node("ReduceSum", [graph.Node("Mul", [embeddings, graph.Node("Unsqueeze", [weights, graph.Axes(2)])]), graph.Axes(1)], OnnxAttribute.Of("keepdims", 0L));
        var mean = graph.Node("Div", [sum, graph.Node("ReduceSum", [weights, graph.Axes(1)])]);
        var inner = graph.Node("Relu", [graph.Linear(mean, model.Layers[0], model.Layers[1], size, hidden)]);
        var query = graph.Node("Add", [mean, graph.Linear(inner, model.Layers[2], model.Layers[3], hidden, size)]);
        return graph.ProductWithAll(query, model.ItemVectors, size);
    }

    private static string Network(GraphWriter graph, NeuMfNetwork network)
    {
        var (stride, half) = (network.Factors.Stride, network.HalfInput);
        var user = graph.Input("user", TensorDtype.Int64, -1);
        var item = graph.Input("item", TensorDtype.Int64, -1);
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
