using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A logistic regression, scored by ML.NET.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class LogisticFraudModel : IFraudModel
{
    private readonly MLContext _context;
    private readonly FeatureScaler _scaler;
    private readonly BinaryPredictionTransformer<CalibratedModelParametersBase<LinearBinaryModelParameters, PlattCalibrator>> _transformer;

    internal LogisticFraudModel(
        MLContext context, FeatureScaler scaler, BinaryPredictionTransformer<CalibratedModelParametersBase<LinearBinaryModelParameters, PlattCalibrator>> transformer) =>
        (_context, _scaler, _transformer) = (context, scaler, transformer);

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        cancellationToken.ThrowIfCancellationRequested();
        var logOdds = new double[rows.Length];
        var index = 0;
        foreach (var score in _transformer.Transform(TableView.Of(_context, table, rows, 1, _scaler)).GetColumn<float>("Score"))
        {
            logOdds[index++] = score;
        }

        return logOdds;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var linear = _transformer.Model.SubModel;
        float[] weights = [.. linear.Weights];
        _scaler.AddTo(graph, input, "scaled");
        graph.AddInitializer("weights", weights, weights.Length, 1)
            .AddInitializer("bias", [linear.Bias], 1)
            .AddNode("MatMul", ["scaled", "weights"], ["weighted"])
            .AddNode("Add", ["weighted", "bias"], [output]);
    }

    /// <inheritdoc/>
    public TreeEnsemble? ToTreeEnsemble() => null;

    /// <inheritdoc/>
    public LinearTerms? ToLinearTerms()
    {
        var linear = _transformer.Model.SubModel;
        return _scaler.Unscale([.. linear.Weights], linear.Bias);
    }
}
