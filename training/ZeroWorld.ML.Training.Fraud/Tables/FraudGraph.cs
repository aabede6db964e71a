using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Encoder, model and calibrator as one ONNX file: raw columns to <c>probability</c> FP32 [rows, 1].</summary>
internal static class FraudGraph
{
    /// <param name="encoder"><see langword="null"/>: the input <c>features</c> holds the features themselves.</param>
    internal static void Write(string path, CalibratedFraudModel model, TableEncoder? encoder, int featureCount)
    {
        var graph = new OnnxGraphBuilder("fraud");
        if (encoder is null)
        {
            graph.AddInput(new TensorSpec(TreeEnsembleGraph.Input, TensorDtype.Float32, [-1, featureCount]));
        }
        else
        {
            encoder.AddTo(graph, "encoded");
        }

        model.Model.AddLogOdds(graph, encoder is null ? TreeEnsembleGraph.Input : "encoded", "log_odds");
        model.Calibrator.AddTo(graph, "log_odds", TreeEnsembleGraph.Output);
        graph.AddOutput(new TensorSpec(TreeEnsembleGraph.Output, TensorDtype.Float32, [-1, 1])).Write(path);
    }
}
