using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A fitted model of one algorithm, before calibration.</summary>
/// <remarks><see cref="ITrainedModel.Score"/> is the plain logistic function of <see cref="LogOdds"/>. One caller at a time.</remarks>
public interface IFraudModel : ITrainedModel
{
    /// <summary>Scores rows in the trainer's own arithmetic.</summary>
    /// <returns>One finite number per row, in the order of <paramref name="rows"/>.</returns>
    double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken);

    /// <summary>Adds the nodes of the same function: FP32 [rows, n] to FP32 [rows, 1].</summary>
    void AddLogOdds(OnnxGraphBuilder graph, string input, string output);

    /// <summary>The trees of the model, in neutral form and without covers: their sum is the log odds, of a random forest the probability.</summary>
    /// <returns><see langword="null"/> for a model that is not made of trees.</returns>
    TreeEnsemble? ToTreeEnsemble();
}
