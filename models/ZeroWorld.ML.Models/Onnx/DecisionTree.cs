namespace ZeroWorld.ML.Models.Onnx;

/// <summary>A binary tree of numerical splits, in flat arrays: the form in which gradient boosting libraries hold theirs.</summary>
/// <remarks>
/// Split i sends a row to <see cref="LeftChildren"/>[i] when <c>(double)x[SplitFeatures[i]] &lt;= Thresholds[i]</c>, else to <see cref="RightChildren"/>[i]; a missing
/// value (NaN) goes left where <see cref="MissingLeft"/>[i] says so, else right. A child of 0 or more is a split, a negative one the leaf <c>~child</c>.
/// Split 0 is the root. A tree of one leaf has no split.
/// </remarks>
public sealed record DecisionTree
{
    public required IReadOnlyList<int> SplitFeatures { get; init; }

    public required IReadOnlyList<double> Thresholds { get; init; }

    public required IReadOnlyList<int> LeftChildren { get; init; }

    public required IReadOnlyList<int> RightChildren { get; init; }

    public required IReadOnlyList<bool> MissingLeft { get; init; }

    /// <value>One more than there are splits.</value>
    public required IReadOnlyList<double> LeafValues { get; init; }

    /// <value>Training rows that end in each leaf, for explanations; empty where nobody counted. Above 0.</value>
    public IReadOnlyList<double> LeafCovers { get; init; } = [];

    /// <summary>The leaf where a row ends: the arithmetic of the trees in their neutral form.</summary>
    /// <param name="row">At least as many features as the splits read.</param>
    public int FindLeaf(ReadOnlySpan<float> row)
    {
        var node = SplitFeatures.Count == 0 ? ~0 : 0;
        while (node >= 0)
        {
            var value = row[SplitFeatures[node]];
            node = float.IsNaN(value) ? (MissingLeft[node] ? LeftChildren[node] : RightChildren[node])
                : value <= Thresholds[node] ? LeftChildren[node] : RightChildren[node];
        }

        return ~node;
    }

    /// <summary>Finds what makes the arrays no tree.</summary>
    /// <returns>A sentence, or <see langword="null"/> when every split and leaf is reached exactly once from the root and every number is usable.</returns>
    internal string? FindProblem(int featureCount)
    {
        var splits = SplitFeatures.Count;
        if (Thresholds.Count != splits || LeftChildren.Count != splits || RightChildren.Count != splits || MissingLeft.Count != splits)
        {
            return $"its {splits} splits have {Thresholds.Count} thresholds, {LeftChildren.Count} left and {RightChildren.Count} right children, {MissingLeft.Count} directions for missing values";
        }

        if (LeafValues.Count != splits + 1)
        {
            return $"{splits} splits need {splits + 1} leaves, it has {LeafValues.Count}";
        }

        if (LeafCovers.Count != 0 && (LeafCovers.Count != LeafValues.Count || LeafCovers.Any(static cover => !(cover > 0) || !double.IsFinite(cover))))
        {
            return $"its {LeafValues.Count} leaves have {LeafCovers.Count} covers; expected as many finite numbers above 0, or none";
        }

        for (var leaf = 0; leaf < LeafValues.Count; leaf++)
        {
            if (!float.IsFinite((float)LeafValues[leaf]))
            {
                return $"leaf {leaf} has the value {LeafValues[leaf]}, which is not a finite float32";
            }
        }

        var reached = new bool[splits + LeafValues.Count];
        var pending = new Stack<int>([splits == 0 ? ~0 : 0]);
        while (pending.TryPop(out var node))
        {
            if (node >= splits || ~node >= LeafValues.Count)
            {
                return node >= 0 ? $"split {node} does not exist" : $"leaf {~node} does not exist";
            }

            var slot = node >= 0 ? node : splits + ~node;
            if (reached[slot])
            {
                return node >= 0 ? $"split {node} is reached twice" : $"leaf {~node} is reached twice";
            }

            reached[slot] = true;
            if (node < 0)
            {
                continue;
            }

            if (SplitFeatures[node] < 0 || SplitFeatures[node] >= featureCount)
            {
                return $"split {node} reads the feature {SplitFeatures[node]}; expected 0 to {featureCount - 1}";
            }

            if (double.IsNaN(Thresholds[node]))
            {
                return $"split {node} has the threshold NaN";
            }

            pending.Push(LeftChildren[node]);
            pending.Push(RightChildren[node]);
        }

        var lost = Array.IndexOf(reached, false);
        return lost < 0 ? null : lost < splits ? $"split {lost} is not reached" : $"leaf {lost - splits} is not reached";
    }
}
