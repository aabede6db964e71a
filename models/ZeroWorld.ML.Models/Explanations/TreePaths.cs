using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>One tree, laid out for TreeSHAP: nodes are splits from 0, then leaves.</summary>
internal sealed class TreePaths
{
    private readonly int _splits;
    private readonly int[] _features;
    private readonly double[] _thresholds;
    private readonly int[] _left;
    private readonly int[] _right;
    private readonly bool[] _missingLeft;
    private readonly double[] _covers;
    private readonly double[] _leaves;

    internal TreePaths(DecisionTree tree, double slope)
    {
        _splits = tree.SplitFeatures.Count;
        _features = [.. tree.SplitFeatures];
        _thresholds = [.. tree.Thresholds];
        _left = [.. tree.LeftChildren.Select(ToNode)];
        _right = [.. tree.RightChildren.Select(ToNode)];
        _missingLeft = [.. tree.MissingLeft];
        _leaves = [.. tree.LeafValues.Select(value => value * slope)];
        _covers = new double[_splits + _leaves.Length];
        (Depth, Mean) = Measure(0, tree.LeafCovers);
        Mean /= _covers[0];
    }

    /// <summary>Splits on the longest way to a leaf.</summary>
    internal int Depth { get; }

    /// <summary>Mean of the leaves, weighted by their covers.</summary>
    internal double Mean { get; }

    internal void AddTo(ReadOnlySpan<float> row, Span<double> contributions, Span<PathElement> workspace) =>
        Walk(row, contributions, workspace, [], 0, 0, 1, 1, -1);

    private int ToNode(int child) => child >= 0 ? child : _splits + ~child;

    private (int Depth, double Sum) Measure(int node, IReadOnlyList<double> leafCovers)
    {
        if (node >= _splits)
        {
            _covers[node] = leafCovers[node - _splits];
            return (0, _covers[node] * _leaves[node - _splits]);
        }

        var (leftDepth, leftSum) = Measure(_left[node], leafCovers);
        var (rightDepth, rightSum) = Measure(_right[node], leafCovers);
        _covers[node] = _covers[_left[node]] + _covers[_right[node]];
        return (1 + Math.Max(leftDepth, rightDepth), leftSum + rightSum);
    }

    // The recursion of algorithm 2; the first elements of the workspace are this level's path, a copy of its parent's and one more.
    private void Walk(
        ReadOnlySpan<float> row,
        Span<double> contributions,
        Span<PathElement> workspace,
        ReadOnlySpan<PathElement> parent,
        int length,
        int node,
        double zeroFraction,
        double oneFraction,
        int feature)
    {
        parent[..length].CopyTo(workspace);
        Extend(workspace, length, zeroFraction, oneFraction, feature);
        if (node >= _splits)
        {
            var leaf = _leaves[node - _splits];
            for (var index = 1; index <= length; index++)
            {
                contributions[workspace[index].Feature] +=
                    SumUnwound(workspace, length, index) * (workspace[index].OneFraction - workspace[index].ZeroFraction) * leaf;
            }

            return;
        }

        var split = _features[node];
        var value = row[split];
        var goesLeft = float.IsNaN(value) ? _missingLeft[node] : value <= _thresholds[node];
        var (hot, cold) = goesLeft ? (_left[node], _right[node]) : (_right[node], _left[node]);

        // A feature that was split on above is taken off the path, and its fractions go into the new element.
        var (incomingZero, incomingOne, depth) = (1.0, 1.0, length);
        for (var index = 1; index <= length; index++)
        {
            if (workspace[index].Feature == split)
            {
                (incomingZero, incomingOne) = (workspace[index].ZeroFraction, workspace[index].OneFraction);
                Unwind(workspace, length, index);
                depth--;
                break;
            }
        }

        var path = workspace[..(depth + 1)];
        var next = workspace[(length + 1)..];
        Walk(row, contributions, next, path, depth + 1, hot, incomingZero * _covers[hot] / _covers[node], incomingOne, split);
        Walk(row, contributions, next, path, depth + 1, cold, incomingZero * _covers[cold] / _covers[node], 0, split);
    }

    private static void Extend(Span<PathElement> path, int length, double zeroFraction, double oneFraction, int feature)
    {
        path[length] = new PathElement { Feature = feature, ZeroFraction = zeroFraction, OneFraction = oneFraction, Weight = length == 0 ? 1 : 0 };
        for (var index = length - 1; index >= 0; index--)
        {
            path[index + 1].Weight += oneFraction * path[index].Weight * (index + 1) / (length + 1);
            path[index].Weight = zeroFraction * path[index].Weight * (length - index) / (length + 1);
        }
    }

    private static void Unwind(Span<PathElement> path, int length, int removed)
    {
        var (one, zero) = (path[removed].OneFraction, path[removed].ZeroFraction);
        var next = path[length].Weight;
        for (var index = length - 1; index >= 0; index--)
        {
            if (one != 0)
            {
                var before = path[index].Weight;
                path[index].Weight = next * (length + 1) / ((index + 1) * one);
                next = before - (path[index].Weight * zero * (length - index) / (length + 1));
            }
            else
            {
                path[index].Weight = path[index].Weight * (length + 1) / (zero * (length - index));
            }
        }

        for (var index = removed; index < length; index++)
        {
            (path[index].Feature, path[index].ZeroFraction, path[index].OneFraction) =
                (path[index + 1].Feature, path[index + 1].ZeroFraction, path[index + 1].OneFraction);
        }
    }

    private static double SumUnwound(ReadOnlySpan<PathElement> path, int length, int removed)
    {
        var (one, zero) = (path[removed].OneFraction, path[removed].ZeroFraction);
        var (next, total) = (path[length].Weight, 0.0);
        for (var index = length - 1; index >= 0; index--)
        {
            if (one != 0)
            {
                var weight = next * (length + 1) / ((index + 1) * one);
                total += weight;
                next = path[index].Weight - (weight * zero * (length - index) / (length + 1));
            }
            else
            {
                total += path[index].Weight * (length + 1) / (zero * (length - index));
            }
        }

        return total;
    }
}
