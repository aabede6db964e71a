using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of LightGBM and FastTree: two libraries cut histograms differently and err on different rows.</summary>
/// <remarks>Deterministic as both are. The result is one ensemble of trees, exported and explained as such. Thread safe.</remarks>
public sealed class TreeBlendTrainer : ITrainer<TreeFraudModel>
{
    private readonly LightGbmFraudTrainer _lightGbm;
    private readonly FastTreeFraudTrainer _fastTree;
    private readonly double _fastTreeWeight;

    /// <param name="fastTreeWeight">Weight of FastTree; above 0, below 1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public TreeBlendTrainer(LightGbmSettings lightGbm, FastTreeSettings fastTree, double fastTreeWeight)
    {
        TrainingRows.CheckSettings(
            "Tree blend", fastTreeWeight is > 0 and < 1 ? null : $"FastTreeWeight is {fastTreeWeight}; expected above 0 and below 1.");
        (_lightGbm, _fastTree, _fastTreeWeight) = (new LightGbmFraudTrainer(lightGbm), new FastTreeFraudTrainer(fastTree), fastTreeWeight);
        Parameters = new SortedDictionary<string, string>(
            _lightGbm.Parameters.ToDictionary(static entry => $"lightgbm.{entry.Key}", static entry => entry.Value)
                .Concat(_fastTree.Parameters.Select(static entry => KeyValuePair.Create($"fasttree.{entry.Key}", entry.Value))).ToDictionary(),
            StringComparer.Ordinal)
        {
            ["fasttree_weight"] = fastTreeWeight.ToString(CultureInfo.InvariantCulture),
        };
    }

    public string Algorithm => FraudAlgorithms.TreeBlend;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public TreeFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) =>
        TreeFraudModel.Blend(_lightGbm.Fit(table, rows, seed, cancellationToken), _fastTree.Fit(table, rows, seed, cancellationToken), _fastTreeWeight);
}
