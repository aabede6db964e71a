using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A fit of FastTree or FastForest, scored by ML.NET.</summary>
internal sealed class MlNetTrees : IFittedTrees
{
    private readonly MLContext _context;
    private readonly ITransformer _transformer;
    private readonly DataViewSchema _schema;
    private readonly Link _link;

    internal MlNetTrees(MLContext context, ITransformer transformer, DataViewSchema schema)
    {
        _context = context;
        _transformer = transformer;
        _schema = schema;
        _link = LinkOf(transformer);
    }

    /// <inheritdoc/>
    public double Offset => (_link.Slope * _link.Bias) + _link.Offset;

    /// <param name="state">In ML.NET's own format.</param>
    internal static MlNetTrees Read(byte[] state)
    {
        var context = new MLContext(0);
        var transformer = context.Model.Load(new MemoryStream(state), out var schema);
        return new MlNetTrees(context, transformer, schema);
    }

    /// <inheritdoc/>
    public byte[] Save()
    {
        using var stream = new MemoryStream();
        _context.Model.Save(_transformer, _schema, stream);
        return stream.ToArray();
    }

    /// <inheritdoc/>
    public IEnumerable<DecisionTree> ToTrees(double factor) => _link.Trees.Zip(_link.Weights, (tree, weight) => ToTree(tree, weight * _link.Slope * factor));

    /// <inheritdoc/>
    public void AddScores(TrainingTable table, ReadOnlyMemory<int> rows, double factor, double[] sums)
    {
        var index = 0;
        foreach (var score in _transformer.Transform(TableView.Of(_context, table, rows)).GetColumn<float>("Score"))
        {
            sums[index++] += factor * ((_link.Slope * score) + _link.Offset);
        }
    }

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

    private static Link LinkOf(ITransformer transformer) => ModelOf(transformer) switch
    {
        // ML.NET's Platt calibrator is 1 / (1 + exp(slope x score + offset)): both signs turn for a sigmoid.
        CalibratedModelParametersBase<FastTreeBinaryModelParameters, PlattCalibrator> { SubModel.TrainedTreeEnsemble: var trees, Calibrator: var calibrator } =>
            new Link([.. trees.Trees], [.. trees.TreeWeights], trees.Bias, -calibrator.Slope, -calibrator.Offset),

        // A leaf is the mean of its labels as -1 and 1, and the score is the sum over the trees: half of the mean and a half are the probability.
        FastForestBinaryModelParameters { TrainedTreeEnsemble: var trees } => new Link([.. trees.Trees], [.. trees.TreeWeights], trees.Bias, 0.5 / trees.Trees.Count, 0.5),
        var other => throw new ArgumentException($"A model of {other.GetType()} has no trees.", nameof(transformer)),
    };

    // What was read from a file may be a chain of one.
    private static object ModelOf(ITransformer transformer) => transformer switch
    {
        ISingleFeaturePredictionTransformer<object> prediction => prediction.Model,
        IEnumerable<ITransformer> chain => ModelOf(chain.Last()),
        _ => throw new ArgumentException($"A transformer of {transformer.GetType()} holds no model.", nameof(transformer)),
    };

    /// <summary>From the trees to the model: <c>Slope x score + Offset</c>, the score is the bias and the weighted trees.</summary>
    private sealed record Link(IReadOnlyList<RegressionTreeBase> Trees, IReadOnlyList<double> Weights, double Bias, double Slope, double Offset);
}
