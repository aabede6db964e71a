using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>Reason codes of rows: exact Shapley values of trees, of a linear model or of the sum of both, added up by column.</summary>
/// <remarks>
/// A package carries it as <see cref="FileName"/> beside the ONNX file, whose trees have no covers. The contributions of all columns and <see cref="BaseValue"/> add up to the
/// score before its link. Immutable and thread safe.
/// </remarks>
public sealed class ReasonModel
{
    /// <summary>Name of the file in a package; docs/formats/reasons.md.</summary>
    public const string FileName = "reasons.json";

    private readonly TreeEnsemble? _ensemble;
    private readonly TreeExplainer? _explainer;
    private readonly LinearTerms? _linear;
    private readonly string[] _sources;
    private readonly string[] _columns;
    private readonly int[] _columnOf;

    /// <param name="ensemble">Trees with covers in every leaf.</param>
    /// <param name="sources">The column of each feature: several features may be parts of one, such as a category's.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: a tree is none or has no covers; there is not one column per feature.</exception>
    public ReasonModel(TreeEnsemble ensemble, IReadOnlyList<string> sources)
        : this(ensemble ?? throw new ArgumentNullException(nameof(ensemble)), null, sources, null)
    {
    }

    /// <param name="ensemble">Trees with covers in every leaf; <see langword="null"/> for none.</param>
    /// <param name="linear">Added to the trees; <see langword="null"/> for none. One of both at least.</param>
    /// <param name="sources">The column of each feature.</param>
    /// <param name="encoding">How raw columns become the features; <see langword="null"/>: the features are the columns.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: as above, or there are neither trees nor linear terms, or the parts are of other numbers of features.</exception>
    public ReasonModel(TreeEnsemble? ensemble, LinearTerms? linear, IReadOnlyList<string> sources, FeatureEncoding? encoding)
    {
        ArgumentNullException.ThrowIfNull(sources);
        foreach (var count in (int?[])[ensemble?.FeatureCount, linear?.Weights.Count, linear?.Means.Count, encoding?.FeatureCount])
        {
            if (count is { } features && features != sources.Count)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"Reasons name {sources.Count} columns of {features} features; expected one each.");
            }
        }

        if (ensemble is null && linear is null)
        {
            throw new RegistryException(RegistryError.InvalidInput, "Reasons are of neither trees nor a linear model; expected one of them.");
        }

        (_ensemble, _linear, Encoding) = (ensemble, linear, encoding);
        _explainer = ensemble is null ? null : new TreeExplainer(ensemble);
        _sources = [.. sources];
        _columns = [.. sources.Distinct(StringComparer.Ordinal)];
        _columnOf = [.. sources.Select(source => Array.IndexOf(_columns, source))];
    }

    /// <value>The mean score over the training rows, before its link.</value>
    public double BaseValue => (_explainer?.BaseValue ?? 0) + (_linear?.Offset ?? 0);

    /// <value>How raw columns become the features of <see cref="Explain(ReadOnlySpan{float})"/>; <see langword="null"/>: the features are the columns.</value>
    public FeatureEncoding? Encoding { get; }

    /// <value>Features of a row.</value>
    public int FeatureCount => _columnOf.Length;

    /// <value>Columns, in the order of their first feature.</value>
    public IReadOnlyList<string> Columns => _columns;

    /// <summary>Writes the file; the same model gives the same bytes.</summary>
    public void Write(string path) => ReasonFile.Write(path, _ensemble, _linear, _sources, Encoding);

    /// <summary>Reads the file of a package.</summary>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.CorruptArtifact"/>: it is not readable; <see cref="RegistryError.InvalidInput"/>: its format is another build's, or its trees are none.
    /// </exception>
    public static ReasonModel Read(string path)
    {
        var (ensemble, linear, sources, encoding) = ReasonFile.Read(path);
        return new ReasonModel(ensemble, linear, sources, encoding);
    }

    /// <summary>One contribution per column, in the order of <see cref="Columns"/>.</summary>
    /// <param name="features">As the model reads them; NaN is a missing value.</param>
    /// <exception cref="ArgumentException">Their number is not that of the features.</exception>
    public ReasonCode[] Explain(ReadOnlySpan<float> features)
    {
        Span<double> contributions = _columnOf.Length <= 256 ? stackalloc double[_columnOf.Length] : new double[_columnOf.Length];
        if (_explainer is null)
        {
            contributions.Clear();
            ThrowIfOtherLength(features.Length);
        }
        else
        {
            _explainer.Explain(features, contributions);
        }

        _linear?.AddTo(features, contributions);
        var sums = new double[_columns.Length];
        for (var feature = 0; feature < contributions.Length; feature++)
        {
            sums[_columnOf[feature]] += contributions[feature];
        }

        var reasons = new ReasonCode[sums.Length];
        for (var column = 0; column < sums.Length; column++)
        {
            reasons[column] = new ReasonCode(_columns[column], sums[column]);
        }

        return reasons;
    }

    /// <summary>The columns that moved the score most, the greatest absolute contribution first; those that moved nothing are left out.</summary>
    /// <param name="features">As the model reads them.</param>
    /// <param name="most">How many at most; 1 or more.</param>
    /// <exception cref="ArgumentException">The number of features is another.</exception>
    public ReasonCode[] Explain(ReadOnlySpan<float> features, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var all = Explain(features);
        Array.Sort(all, static (left, right) => Math.Abs(right.Contribution).CompareTo(Math.Abs(left.Contribution)) is var order and not 0
            ? order
            : string.CompareOrdinal(left.Column, right.Column));
        var count = Math.Min(most, all.Length);
        while (count > 0 && all[count - 1].Contribution == 0)
        {
            count--;
        }

        return all[..count];
    }

    private void ThrowIfOtherLength(int count)
    {
        if (count != FeatureCount)
        {
            throw new ArgumentException($"There are {count} features; expected {FeatureCount}.", nameof(count));
        }
    }
}
