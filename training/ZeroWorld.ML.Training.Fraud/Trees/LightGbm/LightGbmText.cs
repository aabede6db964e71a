using System.Globalization;
using System.Text;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Reads trees out of the text of a LightGBM model (version v4: blocks of <c>name=value</c>, one per tree). Pure functions.</summary>
internal static class LightGbmText
{
    private const string TreeStart = "Tree=";

    /// <param name="factor">Of every leaf.</param>
    internal static IEnumerable<DecisionTree> Read(byte[] text, double factor)
    {
        Dictionary<string, string>? block = null;
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            if (line.StartsWith(TreeStart, StringComparison.Ordinal))
            {
                block = new Dictionary<string, string>(StringComparer.Ordinal);
            }
            else if (block is not null && line.Length > 0)
            {
                var equals = line.IndexOf('=', StringComparison.Ordinal);
                block.Add(line[..equals], line[(equals + 1)..]);
            }
            else if (block is not null)
            {
                yield return ToTree(block, factor);
                block = null;
            }
        }
    }

    // A tree that found no split has a leaf and no list of splits.
    private static DecisionTree ToTree(Dictionary<string, string> block, double factor)
    {
        var splits = Split<int>(block, "split_feature");
        return new DecisionTree
        {
            SplitFeatures = splits,
            Thresholds = Split<double>(block, "threshold"),
            LeftChildren = Split<int>(block, "left_child"),
            RightChildren = Split<int>(block, "right_child"),

            // The trainers refuse missing values, so no direction is learned for them; NaN is at most nothing.
            MissingLeft = new bool[splits.Length],
            LeafValues = [.. Split<double>(block, "leaf_value").Select(value => value * factor)],
        };
    }

    private static T[] Split<T>(Dictionary<string, string> block, string name)
        where T : ISpanParsable<T> =>
        block.TryGetValue(name, out var values)
            ? [.. values.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static value => T.Parse(value, CultureInfo.InvariantCulture))]
            : [];
}
