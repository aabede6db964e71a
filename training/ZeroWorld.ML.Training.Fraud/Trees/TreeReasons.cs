using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What reasons need beside the trees: covers, and the mean over rows. Pure functions.</summary>
internal static class TreeReasons
{
    // Covers are proportions: more rows make them no better.
    private const int CoverRowsMax = 50_000;

    /// <summary>Reasons of a model of a plain table: by raw column, from raw columns.</summary>
    /// <returns><see langword="null"/> for a model that is neither made of trees nor linear.</returns>
    internal static ReasonModel? Of(IFraudModel model, TrainingTable table, int[] rows, TableEncoder encoder)
    {
        var (trees, linear) = (model.ToTreeEnsemble(), model.ToLinearTerms());
        return trees is null && linear is null
            ? null
            : new ReasonModel(trees is null ? null : WithCovers(trees, table, rows), linear, encoder.Sources, encoder.Encoding);
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

    /// <summary>Mean absolute contribution over rows, greatest first.</summary>
    internal static ReasonCode[] Importance(ReasonModel reasons, TrainingTable table, ReadOnlySpan<int> rows, int rowsMax)
    {
        var sums = new double[reasons.Columns.Count];
        var sample = RowSample.Spread(rows, rowsMax);
        foreach (var row in sample)
        {
            var explained = reasons.Explain(table.Features(row));
            for (var column = 0; column < sums.Length; column++)
            {
                sums[column] += Math.Abs(explained[column].Contribution) / sample.Length;
            }
        }

        return [.. sums.Select((sum, column) => new ReasonCode(reasons.Columns[column], sum)).OrderByDescending(static reason => reason.Contribution)];
    }
}
