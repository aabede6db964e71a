using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters that all libraries of trees have. <see cref="LightGbmSettings"/>, <see cref="FastTreeSettings"/> or <see cref="ForestSettings"/>.</summary>
public abstract record TreeSettings
{
    private protected TreeSettings()
    {
    }

    /// <value>Trees; 1 or more. Of boosted ones, one per step.</value>
    public int Trees { get; init; }

    /// <value>Leaves of a tree, at most; 2 or more.</value>
    public int LeavesMax { get; init; }

    /// <value>Training rows of a leaf, at least; 1 or more.</value>
    public int LeafRowsMin { get; init; }

    /// <value>Bins of a feature's histogram, at most; 2 to 65,535.</value>
    public int BinsMax { get; init; }

    /// <value>Share of rows drawn for each tree; above 0, at most 1.</value>
    public double RowFraction { get; init; }

    /// <value>Weight of a positive row against a negative one; above 0. Other weights than 1 distort probabilities: calibrate then.</value>
    public double PositiveWeight { get; init; } = 1;

    /// <value>The name that a person gives the algorithm, for messages.</value>
    internal abstract string Title { get; }

    internal abstract string Algorithm { get; }

    /// <value>Models that are fitted with seeds of their own and averaged.</value>
    internal virtual int FitCount => 1;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters()
    {
        var parameters = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["bins_max"] = Text(BinsMax),
            ["leaf_rows_min"] = Text(LeafRowsMin),
            ["leaves_max"] = Text(LeavesMax),
            ["positive_weight"] = Text(PositiveWeight),
            ["row_fraction"] = Text(RowFraction),
            ["trees"] = Text(Trees),
        };
        foreach (var (name, value) in OwnParameters())
        {
            parameters.Add(name, value);
        }

        return parameters;
    }

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Trees: < 1 } => $"Trees is {Trees}; expected 1 or more.",
        { LeavesMax: < 2 } => $"LeavesMax is {LeavesMax}; expected 2 or more.",
        { LeafRowsMin: < 1 } => $"LeafRowsMin is {LeafRowsMin}; expected 1 or more.",
        { BinsMax: < 2 or > 65_535 } => $"BinsMax is {BinsMax}; expected 2 to 65535.",
        { RowFraction: not (> 0 and <= 1) } => $"RowFraction is {RowFraction}; expected above 0 and at most 1.",
        { PositiveWeight: not (> 0 and < double.PositiveInfinity) } => $"PositiveWeight is {PositiveWeight}; expected a number above 0.",
        _ => FindOwnProblem(),
    };

    private protected abstract IEnumerable<(string Name, string Value)> OwnParameters();

    private protected abstract string? FindOwnProblem();

    private protected static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
