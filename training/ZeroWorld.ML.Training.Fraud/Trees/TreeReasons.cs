using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reason codes of rows: Shapley values added up by raw column.</summary>
internal sealed class TreeReasons
{
    // Covers are proportions: more rows make them no better.
    private const int CoverRowsMax = 50_000;

    private readonly TreeExplainer _explainer;
    private readonly string[] _columns;
    private readonly int[] _columnOf;

    /// <param name="sources">The raw column of each feature.</param>
    internal TreeReasons(TreeEnsemble ensemble, IReadOnlyList<string> sources)
    {
        _explainer = new TreeExplainer(ensemble);
        _columns = [.. sources.Distinct(StringComparer.Ordinal)];
        _columnOf = [.. sources.Select(source => Array.IndexOf(_columns, source))];
    }

    /// <summary>The ensemble with the number of training rows in each leaf, at least one.</summary>
    internal static TreeEnsemble WithCovers(TreeEnsemble ensemble, TrainingTable table, ReadOnlySpan<int> rows)
    {
        var sample = RowSample.Spread(rows, CoverRowsMax);
        return ensemble with
        {
            Trees =
            [
                .. ensemble.Trees.Select(tree =>
                {
                    var covers = new double[tree.LeafValues.Count];
                    foreach (var row in sample)
                    {
                        covers[tree.FindLeaf(table.Features(row))]++;
                    }

                    return tree with { LeafCovers = Array.ConvertAll(covers, static cover => Math.Max(1, cover)) };
                }),
            ],
        };
    }

    /// <summary>One contribution per raw column.</summary>
    internal ReasonCode[] Explain(ReadOnlySpan<float> features)
    {
        Span<double> contributions = new double[_columnOf.Length];
        _explainer.Explain(features, contributions);
        var sums = new double[_columns.Length];
        for (var feature = 0; feature < contributions.Length; feature++)
        {
            sums[_columnOf[feature]] += contributions[feature];
        }

        return [.. sums.Select((sum, column) => new ReasonCode(_columns[column], sum))];
    }

    /// <summary>Mean absolute contribution over rows, greatest first.</summary>
    internal ReasonCode[] Importance(TrainingTable table, ReadOnlySpan<int> rows, int rowsMax)
    {
        var sums = new double[_columns.Length];
        var sample = RowSample.Spread(rows, rowsMax);
        foreach (var row in sample)
        {
            var reasons = Explain(table.Features(row));
            for (var column = 0; column < sums.Length; column++)
            {
                sums[column] += Math.Abs(reasons[column].Contribution) / sample.Length;
            }
        }

        return [.. sums.Select((sum, column) => new ReasonCode(_columns[column], sum)).OrderByDescending(static reason => reason.Contribution)];
    }
}
