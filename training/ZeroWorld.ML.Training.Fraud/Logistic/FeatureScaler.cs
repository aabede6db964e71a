using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Brings features to mean 0 and standard deviation 1, as measured on training rows only.</summary>
internal sealed class FeatureScaler
{
    private readonly float[] _means;
    private readonly float[] _factors;

    private FeatureScaler(float[] means, float[] factors) => (_means, _factors) = (means, factors);

    internal static FeatureScaler Fit(TrainingTable table, ReadOnlySpan<int> rows)
    {
        var columns = table.FeatureNames.Count;
        var (means, squares) = (new double[columns], new double[columns]);
        for (var index = 0; index < rows.Length; index++)
        {
            var features = table.Features(rows[index]);
            for (var column = 0; column < columns; column++)
            {
                // Welford 1962.
                var difference = features[column] - means[column];
                means[column] += difference / (index + 1);
                squares[column] += difference * (features[column] - means[column]);
            }
        }

        var count = rows.Length;

        // A constant column says nothing: it becomes 0.
        return new FeatureScaler(
            [.. means.Select(static mean => (float)mean)],
            [.. squares.Select(sum => sum > 0 ? (float)(1 / Math.Sqrt(sum / count)) : 0)]);
    }

    internal void Apply(Span<float> features)
    {
        for (var column = 0; column < features.Length; column++)
        {
            features[column] = (features[column] - _means[column]) * _factors[column];
        }
    }

    /// <summary>A linear model of scaled features as one of the features themselves.</summary>
    internal LinearTerms Unscale(IReadOnlyList<float> weights, double bias) => new([.. weights.Select((weight, column) => weight * _factors[column])], _means, bias);

    internal void AddTo(OnnxGraphBuilder graph, string input, string output) => graph
        .AddInitializer("means", _means, 1, _means.Length)
        .AddInitializer("factors", _factors, 1, _factors.Length)
        .AddNode("Sub", [input, "means"], ["centred"])
        .AddNode("Mul", ["centred", "factors"], [output]);
}
