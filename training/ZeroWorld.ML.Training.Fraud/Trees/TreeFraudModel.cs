using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trees as ML.NET fitted them, scored by ML.NET: the reference for the exported model. Several fits are averaged.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class TreeFraudModel : IFraudModel
{
    private readonly MLContext _context;
    private readonly IReadOnlyList<Part> _parts;
    private readonly int _featureCount;

    internal TreeFraudModel(MLContext context, IReadOnlyList<Part> parts, int featureCount)
    {
        _context = context;
        _parts = parts;
        _featureCount = featureCount;
    }

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        var view = TableView.Of(_context, table, rows);
        var logOdds = new double[rows.Length];
        foreach (var part in _parts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var index = 0;
            foreach (var score in part.Transformer.Transform(view).GetColumn<float>("Score"))
            {
                logOdds[index++] += ((part.Slope * score) + part.Offset) / _parts.Count;
            }
        }

        return logOdds;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output) => TreeEnsembleGraph.AddLogOdds(graph, ToTreeEnsemble(), input, output);

    /// <value>Trees of one boosting step: one of each part.</value>
    internal int TreesPerStep => _parts.Count;

    /// <summary>The trees of all parts in neutral form, in the order of their steps: their links are in the leaves, so that the sum is the log odds.</summary>
    public Models.Onnx.TreeEnsemble ToTreeEnsemble() => new()
    {
        FeatureCount = _featureCount,
        Trees =
        [
            .. _parts.SelectMany(part => part.Trees.Zip(part.Weights, (tree, weight) => ToTree(tree, weight * part.Slope / _parts.Count)).Index())
                .OrderBy(static tree => tree.Index).Select(static tree => tree.Item),
        ],
        Offset = _parts.Average(static part => (part.Slope * part.Bias) + part.Offset),
    };

    private static DecisionTree ToTree(RegressionTreeBase tree, double weight) => new()
    {
        SplitFeatures = tree.NumericalSplitFeatureIndexes,
        Thresholds = [.. tree.NumericalSplitThresholds.Select(static threshold => (double)threshold)],
        LeftChildren = tree.LeftChild,
        RightChildren = tree.RightChild,

        // The trainers refuse missing values, so no direction is learned for them; ML.NET then compares, and NaN is at most nothing.
        MissingLeft = new bool[tree.NumberOfNodes],
        LeafValues = [.. tree.LeafValues.Select(value => value * weight)],
    };

    /// <summary>One fit and its link: log odds are <c>Slope x score + Offset</c>, the score is the bias and the weighted trees.</summary>
    internal sealed record Part(
        ITransformer Transformer, IReadOnlyList<RegressionTreeBase> Trees, IReadOnlyList<double> Weights, double Bias, double Slope, double Offset)
    {
        internal static Part Of(ITransformer transformer) => ModelOf(transformer) switch
        {
            // ML.NET's Platt calibrator is 1 / (1 + exp(slope x score + offset)): both signs turn for a sigmoid.
            CalibratedModelParametersBase<LightGbmBinaryModelParameters, PlattCalibrator> { SubModel: var trees, Calibrator: var calibrator } =>
                Of(transformer, trees.TrainedTreeEnsemble, -calibrator.Slope, -calibrator.Offset),
            CalibratedModelParametersBase<FastTreeBinaryModelParameters, PlattCalibrator> { SubModel: var trees, Calibrator: var calibrator } =>
                Of(transformer, trees.TrainedTreeEnsemble, -calibrator.Slope, -calibrator.Offset),

            // A leaf is the mean of its labels as -1 and 1, and the score is the sum over the trees: half of the mean and a half are the probability.
            FastForestBinaryModelParameters { TrainedTreeEnsemble: var trees } => Of(transformer, trees, 0.5 / trees.Trees.Count, 0.5),
            var other => throw new ArgumentException($"A model of {other.GetType()} has no trees.", nameof(transformer)),
        };

        private static Part Of<TTree>(ITransformer transformer, TreeEnsemble<TTree> trees, double slope, double offset)
            where TTree : RegressionTreeBase =>
            new(transformer, [.. trees.Trees], [.. trees.TreeWeights], trees.Bias, slope, offset);

        // What was read from a file may be a chain of one.
        private static object ModelOf(ITransformer transformer) => transformer switch
        {
            ISingleFeaturePredictionTransformer<object> prediction => prediction.Model,
            IEnumerable<ITransformer> chain => ModelOf(chain.Last()),
            _ => throw new ArgumentException($"A transformer of {transformer.GetType()} holds no model.", nameof(transformer)),
        };
    }
}
