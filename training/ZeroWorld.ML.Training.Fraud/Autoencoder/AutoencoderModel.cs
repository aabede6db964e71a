using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>An autoencoder with its scaling: log odds are <c>slope x ln(error + 1e-6) + offset</c>.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class AutoencoderModel : IFraudModel
{
    private const float Bound = 10;
    private const float Least = 1e-6f;

    private readonly AutoencoderNetwork _network;
    private readonly FeatureScaler _scaler;
    private readonly double _slope;
    private readonly double _offset;

    internal AutoencoderModel(AutoencoderNetwork network, FeatureScaler scaler, double slope, double offset, int passes) =>
        (_network, _scaler, _slope, _offset, StoppedAfter) = (network, scaler, slope, offset, passes);

    /// <inheritdoc/>
    public int? StoppedAfter { get; }

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(PlainSigmoid.Instance, LogOdds(table, rows, cancellationToken));

    /// <inheritdoc/>
    public double[] LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        cancellationToken.ThrowIfCancellationRequested();
        var features = new float[table.FeatureNames.Count];
        var logOdds = new double[rows.Length];
        for (var index = 0; index < logOdds.Length; index++)
        {
            Read(table, rows.Span[index], _scaler, features);
            logOdds[index] = (_slope * Math.Log(_network.Error(features) + Least)) + _offset;
        }

        return logOdds;
    }

    /// <inheritdoc/>
    public void AddLogOdds(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        _scaler.AddTo(graph, input, "scaled");
        graph.AddInitializer("cut_least", [-Bound])
            .AddInitializer("cut_most", [Bound])
            .AddNode("Clip", ["scaled", "cut_least", "cut_most"], ["cut"]);
        _network.AddTo(graph, "cut", "error");
        graph.AddInitializer("error_least", [Least], 1)
            .AddInitializer("error_slope", [(float)_slope], 1)
            .AddInitializer("error_offset", [(float)_offset], 1)
            .AddNode("Add", ["error", "error_least"], ["error_above"])
            .AddNode("Log", ["error_above"], ["error_log"])
            .AddNode("Mul", ["error_log", "error_slope"], ["error_scaled"])
            .AddNode("Add", ["error_scaled", "error_offset"], [output]);
    }

    /// <inheritdoc/>
    public TreeEnsemble? ToTreeEnsemble() => null;

    /// <summary>The row as the network reads it.</summary>
    internal static void Read(TrainingTable table, int row, FeatureScaler scaler, Span<float> features)
    {
        table.Features(row).CopyTo(features);
        scaler.Apply(features);
        foreach (ref var value in features)
        {
            value = Math.Clamp(value, -Bound, Bound);
        }
    }
}
