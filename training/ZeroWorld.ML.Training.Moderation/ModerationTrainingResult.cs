using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A trained text classifier with what held-out rows say of it.</summary>
/// <param name="Model">Fitted on all rows; its calibration and thresholds are of rows held out in turn.</param>
/// <param name="Policy">Version 1 of a policy for it.</param>
/// <param name="Metrics">accuracy, macro_f1, weighted_f1, mcc (exclusive labels); log_loss, expected_calibration_error; and average_precision of each label.</param>
/// <param name="Parity">How far the ONNX file is from the model.</param>
public sealed record ModerationTrainingResult(TextModel Model, ModelPackage Package, ModerationPolicy Policy, IReadOnlyDictionary<string, double> Metrics, TextParity Parity)
{
    /// <value>The verdict against the champion on the same texts.</value>
    public GateVerdict Gate { get; init; } = EvaluationGate.WithoutChampion;

    /// <value>The chosen hyper-parameters.</value>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}
