using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The weighted mean of the log odds of LightGBM and FastTree: two libraries cut histograms differently and err on different rows.</summary>
/// <remarks>
/// A library may take part with several settings, whose mean counts as one. Deterministic as the libraries are. The result is one ensemble of trees, exported and explained as such.
/// Thread safe; models of one grid have one caller at a time.
/// </remarks>
public sealed class TreeBlendTrainer : IResumableTrainer<IFraudModel>
{
    private readonly Part[] _parts;

    /// <param name="fastTreeWeight">Weight of FastTree; above 0, below 1.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public TreeBlendTrainer(LightGbmSettings lightGbm, FastTreeSettings fastTree, double fastTreeWeight)
        : this([new SharedFits(lightGbm)], [new SharedFits(fastTree)], fastTreeWeight)
    {
    }

    private TreeBlendTrainer(SharedFits[] lightGbm, SharedFits[] fastTree, double fastTreeWeight)
    {
        TrainingRows.CheckSettings(
            "Tree blend", fastTreeWeight is > 0 and < 1 ? null : $"FastTreeWeight is {fastTreeWeight}; expected above 0 and below 1.");
        _parts = [.. PartsOf("lightgbm", lightGbm, 1 - fastTreeWeight), .. PartsOf("fasttree", fastTree, fastTreeWeight)];
        Parameters = new SortedDictionary<string, string>(
            _parts.SelectMany(static part => part.Fits.Parameters.Select(entry => KeyValuePair.Create($"{part.Name}.{entry.Key}", entry.Value))).ToDictionary(),
            StringComparer.Ordinal)
        {
            ["fasttree_weight"] = fastTreeWeight.ToString(CultureInfo.InvariantCulture),
        };
    }

    public string Algorithm => FraudAlgorithms.TreeBlend;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <summary>
    /// Every blend of the given settings: of each library one of them, or the mean of all. Each is fitted once per fold, whatever the number of blends.
    /// </summary>
    public static IReadOnlyList<TreeBlendTrainer> Grid(IReadOnlyList<LightGbmSettings> lightGbm, IReadOnlyList<FastTreeSettings> fastTree, IReadOnlyList<double> fastTreeWeights)
    {
        var (left, right) = (OneOrAll(lightGbm), OneOrAll(fastTree));
        return [.. from first in left from second in right from weight in fastTreeWeights select new TreeBlendTrainer(first, second, weight)];
    }

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken) =>
        new TreeBlendModel([.. _parts.Select(part => (part.Fits.Fit(table, rows, seed, checkpoint?.Part(part.Name), cancellationToken), part.Weight))]);

    private static SharedFits[][] OneOrAll(IReadOnlyList<TreeSettings> settings)
    {
        SharedFits[] all = [.. settings.Select(static one => new SharedFits(one))];
        return all.Length == 1 ? [all] : [.. all.Select(static one => (SharedFits[])[one]), all];
    }

    // A library with one setting is named without a number, so that a checkpoint and a parameter keep their names.
    private static IEnumerable<Part> PartsOf(string library, SharedFits[] fits, double weight) =>
        fits.Select((one, index) => new Part(fits.Length == 1 ? library : $"{library}{index + 1}", one, weight / fits.Length));

    /// <param name="Weight">Of its log odds; those of all parts add up to 1.</param>
    private sealed record Part(string Name, SharedFits Fits, double Weight);
}
