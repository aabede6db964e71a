using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="IsolationForestTrainer"/>, and nothing else.</summary>
public sealed record IsolationForestSettings
{
    /// <value>Trees; 1 to 10,000.</value>
    public int Trees { get; init; } = 100;

    /// <value>Rows drawn for each tree; 2 or more.</value>
    public int RowsPerTree { get; init; } = 256;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["rows_per_tree"] = RowsPerTree.ToString(CultureInfo.InvariantCulture),
        ["trees"] = Trees.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Trees: < 1 or > 10_000 } => $"Trees is {Trees}; expected 1 to 10000.",
        { RowsPerTree: < 2 } => $"RowsPerTree is {RowsPerTree}; expected 2 or more.",
        _ => null,
    };
}
