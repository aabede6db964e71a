using System.Globalization;
using ZeroWorld.ML.Models.Torch;
using static ZeroWorld.ML.Models.Torch.TorchScriptBuilder;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Writes a trained network as TorchScript, with the inputs and outputs of its ONNX graph (<see cref="RecommenderGraph"/>): <c>scores</c>, <c>top_scores</c>, <c>top_items</c>, or <c>score</c>.</summary>
internal static class RecommenderScript
{
    /// <param name="path">Replaced where it exists.</param>
    /// <param name="model"><c>sasrec</c>, <c>two-tower</c> or <c>neumf</c>.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the model is no network.</exception>
    internal static void Write(string path, IRecommender model)
    {
        var script = new TorchScriptBuilder();
        var scores = model switch
        {
            TwoTowerModel towers => Towers(script, towers),
            SelfAttentionModel attention => Attention(script, attention),
            NeuMfModel network => Network(script, network.Network),
            _ => throw new TrainingException(TrainingError.InvalidInput, $"There is no TorchScript of the algorithm '{model.Algorithm}'; expected sasrec, two-tower or neumf."),
        };
        if (model is NeuMfModel)
        {
            script.Write(path, scores);
            return;
        }

        var (values, places) = script.Pair("topk", scores, string.Create(CultureInfo.InvariantCulture, $"{Math.Min(RecommenderGraph.TopCount, model.ItemCount)}"), "-1", "True", "True");
        script.Write(path, scores, values, places);
    }

    private static string Towers(TorchScriptBuilder script, TwoTowerModel model)
    {
        var (size, hidden) = (model.Settings.Dimensions, model.Settings.Hidden);
        var history = script.AddInput("history");
        var weights = script.AddInput("weights");
        var embeddings = script.Node("embedding", script.AddTensor("inputs", model.Inputs, model.ItemCount, size), history);
        var sum = script.Node("sum", script.Node("mul", embeddings, script.Node("unsqueeze", weights, "2")), "[1]");
        var mean = script.Node("div", sum, script.Node("sum", weights, "[1]", "True"));
        var inner = script.Node("relu", script.Node("linear", mean, script.AddTensor("w0", model.Layers[0], hidden, size), script.AddTensor("b0", model.Layers[1], hidden)));
        var query = script.Node("add", mean, script.Node("linear", inner, script.AddTensor("w1", model.Layers[2], size, hidden), script.AddTensor("b1", model.Layers[3], size)));
        return script.Node("linear", query, script.AddTensor("vectors", model.ItemVectors.ToArray(), model.ItemCount, size));
    }

    private static string Attention(TorchScriptBuilder script, SelfAttentionModel model)
    {
        var size = model.Settings.Dimensions;
        var history = script.AddInput("history");
        var last = script.AddInput("last");
        var items = script.AddTensor("items", model.ItemVectors.ToArray(), model.ItemCount, size);
        var (rows, length) = (script.Node("size", history, "0"), script.Node("size", history, "1"));
        var positions = script.Node("slice", script.AddTensor("positions", model.Positions, model.Settings.HistoryMax, size), "0", "0", length);
        var values = script.Node("add", script.Node("mul", script.Node("embedding", items, history), Literal(Math.Sqrt(size))), positions);
        var future = script.Node("triu", script.Node("full", $"[{length}, {length}]", Literal(-1e9)), "1");
        for (var index = 0; index < model.Blocks.Length; index++)
        {
            values = Attend(script, values, model.Blocks[index], $"block{index}_", (rows, length, future), model.Settings);
        }

        // The newest place of each row.
        var newest = script.Node("sum", script.Node("mul", values, script.Node("unsqueeze", last, "2")), "[1]");
        return script.Node("linear", Normalise(script, newest, "last", model.Scale, model.Shift), items);
    }

    private static string Attend(TorchScriptBuilder script, string values, float[][] block, string prefix, (string Rows, string Length, string Future) sizes, SequenceSettings settings)
    {
        var (size, heads) = (settings.Dimensions, settings.Heads);
        var input = Normalise(script, values, $"{prefix}in", block[0], block[1]);
        var (queries, keys, contents) = (Split(2), Split(3), Split(4));
        var raw = script.Node("mul", script.Node("matmul", queries, script.Node("transpose", keys, "2", "3")), Literal(1 / Math.Sqrt(size / heads)));
        var attention = script.Node("softmax", script.Node("add", raw, sizes.Future), "-1");
        var mixed = script.Node("transpose", script.Node("matmul", attention, contents), "1", "2");
        var output = script.Node("linear", script.Node("reshape", mixed, $"[{sizes.Rows}, {sizes.Length}, {size}]"), script.AddTensor($"{prefix}w5", block[5], size, size));
        values = script.Node("add", values, output);
        var inner = script.Node(
            "relu",
            script.Node("linear", Normalise(script, values, $"{prefix}out", block[6], block[7]), script.AddTensor($"{prefix}w8", block[8], settings.Hidden, size), script.AddTensor($"{prefix}b8", block[9], settings.Hidden)));
        return script.Node("add", values, script.Node("linear", inner, script.AddTensor($"{prefix}w10", block[10], size, settings.Hidden), script.AddTensor($"{prefix}b10", block[11], size)));

        string Split(int index)
        {
            var product = script.Node("linear", input, script.AddTensor($"{prefix}w{index}", block[index], size, size));
            return script.Node("transpose", script.Node("reshape", product, $"[{sizes.Rows}, {sizes.Length}, {heads}, {size / heads}]"), "1", "2");
        }
    }

    private static string Normalise(TorchScriptBuilder script, string values, string name, float[] scale, float[] shift) => script.Node(
        "layer_norm", values, Literal([scale.Length]), script.AddTensor($"{name}_scale", scale, scale.Length), script.AddTensor($"{name}_shift", shift, shift.Length), Literal(SelfAttentionModel.Epsilon));

    private static string Network(TorchScriptBuilder script, NeuMfNetwork network)
    {
        var (stride, half) = (network.Factors.Stride, network.HalfInput);
        var user = script.AddInput("user");
        var item = script.AddInput("item");
        var products = script.Node("mul", Rows("user_factors", network.Factors.Users, stride, user), Rows("item_factors", network.Factors.Items, stride, item));
        var values = script.Node("cat", $"[{Rows("user_inputs", network.UserInputs, half, user)}, {Rows("item_inputs", network.ItemInputs, half, item)}]", "1");
        for (var index = 0; index < network.Layers.Count; index++)
        {
            var layer = network.Layers[index];
            values = script.Node(
                "relu", script.Node("linear", values, script.AddTensor($"w{index}", layer.Weights.ToArray(), layer.Outputs, layer.Inputs), script.AddTensor($"b{index}", layer.Biases.ToArray(), layer.Outputs)));
        }

        var factorPart = script.Node("linear", products, script.AddTensor("factor_weights", network.FactorWeights.ToArray(), 1, stride), script.AddTensor("bias", [network.Factors.Bias], 1));
        return script.Node("add", factorPart, script.Node("linear", values, script.AddTensor("output_weights", network.OutputWeights.ToArray(), 1, network.OutputWeights.Length)));

        string Rows(string name, float[] table, int width, string ids) => script.Node("embedding", script.AddTensor(name, table, table.Length / width, width), ids);
    }
}
