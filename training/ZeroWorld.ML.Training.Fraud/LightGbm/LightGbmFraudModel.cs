using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees as LightGBM made them, scored by ML.NET: the reference for the exported model.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class LightGbmFraudModel : ITrainedModel
{
    private readonly MLContext _context;
    private readonly BinaryPredictionTransformer<CalibratedModelParametersBase<LightGbmBinaryModelParameters, PlattCalibrator>> _transformer;
    private readonly int _featureCount;

    internal LightGbmFraudModel(
        MLContext context,
        BinaryPredictionTransformer<CalibratedModelParametersBase<LightGbmBinaryModelParameters, PlattCalibrator>> transformer,
        int featureCount)
    {
        _context = context;
        _transformer = transformer;
        _featureCount = featureCount;
    }

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        cancellationToken.ThrowIfCancellationRequested();
        var scored = _transformer.Transform(TableView.Of(_context, table, rows));
        var probabilities = new float[rows.Length];
        var index = 0;
        foreach (var probability in scored.GetColumn<float>("Probability"))
        {
            probabilities[index++] = probability;
        }

        return probabilities;
    }

    /// <summary>The trees in neutral form, with the link that the trainer's calibrator applies.</summary>
    /// <remarks>ML.NET's Platt calibrator is <c>1 / (1 + exp(slope x score + offset))</c>: both signs turn for a sigmoid.</remarks>
    public TreeEnsemble ToTreeEnsemble()
    {
        var ensemble = _transformer.Model.SubModel.TrainedTreeEnsemble;
        return new TreeEnsemble
        {
            FeatureCount = _featureCount,
            Trees = [.. ensemble.Trees.Zip(ensemble.TreeWeights, ToTree)],
            BaseScore = ensemble.Bias,
            Slope = -_transformer.Model.Calibrator.Slope,
            Offset = -_transformer.Model.Calibrator.Offset,
        };
    }

    private static DecisionTree ToTree(RegressionTree tree, double weight) => new()
    {
        SplitFeatures = tree.NumericalSplitFeatureIndexes,
        Thresholds = [.. tree.NumericalSplitThresholds.Select(static threshold => (double)threshold)],
        LeftChildren = tree.LeftChild,
        RightChildren = tree.RightChild,

        // The trainer refuses missing values, so LightGBM learns no direction for them; ML.NET then compares, and NaN is at most nothing.
        MissingLeft = new bool[tree.NumberOfNodes],
        LeafValues = [.. tree.LeafValues.Select(value => value * weight)],
    };
}
