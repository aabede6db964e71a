using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of LightGBM and FastTree: two libraries cut histograms differently and err on different rows.</summary>
/// <remarks>Deterministic as both are. The result is one ensemble of trees, exported and explained as such. Thread safe; models of one grid have one caller at a time.</remarks>
public sealed class TreeBlendTrainer : IResumableTrainer<IFraudModel>
{
    private readonly SharedFits _lightGbm;
    private readonly SharedFits _fastTree;
    private readonly double _fastTreeWeight;

    /// <param name="fastTreeWeight">Weight of FastTree; above 0, below 1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public TreeBlendTrainer(LightGbmSettings lightGbm, FastTreeSettings fastTree, double fastTreeWeight)
        : this(new SharedFits(lightGbm), new SharedFits(fastTree), fastTreeWeight)
    {
    }

    private TreeBlendTrainer(SharedFits lightGbm, SharedFits fastTree, double fastTreeWeight)
    {
        TrainingRows.CheckSettings(
            "Tree blend", fastTreeWeight is > 0 and < 1 ? null : $"FastTreeWeight is {fastTreeWeight}; expected above 0 and below 1.");
        (_lightGbm, _fastTree, _fastTreeWeight) = (lightGbm, fastTree, fastTreeWeight);
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

    /// <summary>Every blend of the given parts; each part is fitted once per fold, whatever the number of blends.</summary>
    public static IReadOnlyList<TreeBlendTrainer> Grid(IReadOnlyList<LightGbmSettings> lightGbm, IReadOnlyList<FastTreeSettings> fastTree, IReadOnlyList<double> fastTreeWeights)
    {
        SharedFits[] left = [.. lightGbm.Select(static settings => new SharedFits(settings))], right = [.. fastTree.Select(static settings => new SharedFits(settings))];
        return [.. from first in left from second in right from weight in fastTreeWeights select new TreeBlendTrainer(first, second, weight)];
    }

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken) => new TreeBlendModel(
        _lightGbm.Fit(table, rows, seed, checkpoint?.Part("lightgbm"), cancellationToken),
        _fastTree.Fit(table, rows, seed, checkpoint?.Part("fasttree"), cancellationToken),
        _fastTreeWeight);
}
