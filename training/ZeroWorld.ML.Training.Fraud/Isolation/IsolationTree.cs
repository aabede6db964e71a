using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Grows one tree of random splits.</summary>
internal sealed class IsolationTree(TrainingTable table, Random random, int depthMax, double scale)
{
    private readonly List<int> _features = [];
    private readonly List<double> _thresholds = [];
    private readonly List<int> _left = [];
    private readonly List<int> _right = [];
    private readonly List<double> _leaves = [];

    internal DecisionTree Grow(int[] rows)
    {
        Split(rows, 0);
        return new DecisionTree
        {
            SplitFeatures = _features,
            Thresholds = _thresholds,
            LeftChildren = _left,
            RightChildren = _right,
            MissingLeft = new bool[_features.Count],
            LeafValues = _leaves,
        };
    }

    /// <returns>The child's number: a split from 0, or <c>~leaf</c>.</returns>
    private int Split(Span<int> rows, int depth)
    {
        var (feature, low, high) = rows.Length <= 1 || depth >= depthMax ? (-1, 0, 0) : ChooseFeature(rows);
        if (feature < 0)
        {
            _leaves.Add(scale * (depth + IsolationForestTrainer.PathLength(rows.Length)));
            return ~(_leaves.Count - 1);
        }

        // Below the greatest value, so that both sides have rows.
        var threshold = Math.Min((double)low + (random.NextDouble() * ((double)high - low)), MathF.BitDecrement(high));
        var middle = Partition(rows, feature, threshold);
        var split = _features.Count;
        _features.Add(feature);
        _thresholds.Add(threshold);
        _left.Add(0);
        _right.Add(0);
        _left[split] = Split(rows[..middle], depth + 1);
        _right[split] = Split(rows[middle..], depth + 1);
        return split;
    }

    // A random feature that is not constant on these rows; features are tried in a random order.
    private (int Feature, float Low, float High) ChooseFeature(ReadOnlySpan<int> rows)
    {
        var order = new int[table.FeatureNames.Count];
        for (var index = 0; index < order.Length; index++)
        {
            order[index] = index;
        }

        for (var index = 0; index < order.Length; index++)
        {
            var other = random.Next(index, order.Length);
            (order[index], order[other]) = (order[other], order[index]);
            var (low, high) = Range(rows, order[index]);
            if (low < high)
            {
                return (order[index], low, high);
            }
        }

        return (-1, 0, 0);
    }

    private (float Low, float High) Range(ReadOnlySpan<int> rows, int feature)
    {
        var (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var row in rows)
        {
            var value = table.Features(row)[feature];
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        return (low, high);
    }

    private int Partition(Span<int> rows, int feature, double threshold)
    {
        var middle = 0;
        for (var index = 0; index < rows.Length; index++)
        {
            if (table.Features(rows[index])[feature] <= threshold)
            {
                (rows[middle], rows[index]) = (rows[index], rows[middle]);
                middle++;
            }
        }

        return middle;
    }
}
