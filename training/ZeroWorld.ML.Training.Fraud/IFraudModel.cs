using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A fitted model of one algorithm, before calibration.</summary>
/// <remarks><see cref="ITrainedModel.Score"/> is the plain logistic function of <see cref="LogOdds"/>. One caller at a time.</remarks>
public interface IFraudModel : ITrainedModel
{
    /// <value>Trees or passes that early stopping kept; <see langword="null"/> for a fit that does not stop early.</value>
    int? StoppedAfter => null;

    /// <summary>Scores rows in the trainer's own arithmetic.</summary>
    /// <returns>One finite number per row, in the order of <paramref name="rows"/>.</returns>
    double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken);

    /// <summary>Adds the nodes of the same function: FP32 [rows, n] to FP32 [rows, 1].</summary>
    void AddLogOdds(OnnxGraphBuilder graph, string input, string output);

    /// <summary>The trees of the model, in neutral form and without covers: their sum is the log odds, of a random forest the probability.</summary>
    /// <returns><see langword="null"/> for a model that is not made of trees.</returns>
    TreeEnsemble? ToTreeEnsemble();

    /// <summary>The linear part of the log odds, by feature: all of it for a model without trees, else what is added to them.</summary>
    /// <returns><see langword="null"/> for a model without one.</returns>
    LinearTerms? ToLinearTerms() => null;
}
