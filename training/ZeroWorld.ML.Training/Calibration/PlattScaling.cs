using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training;

/// <summary>Platt's two-parameter calibration: <c>sigmoid(Slope x log odds + Offset)</c>.</summary>
/// <param name="Slope">0 or more.</param>
/// <param name="Offset">Any finite number.</param>
public sealed record PlattScaling(double Slope, double Offset) : ICalibrator
{
    private const int IterationsMax = 100;

    public string Name => "platt";

    public double Apply(double logOdds) => PlainSigmoid.Of((Slope * logOdds) + Offset);

    public void AddTo(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.AddInitializer("platt_slope", [(float)Slope], 1)
            .AddInitializer("platt_offset", [(float)Offset], 1)
            .AddNode("Mul", [input, "platt_slope"], ["platt_scaled"])
            .AddNode("Add", ["platt_scaled", "platt_offset"], ["platt_log_odds"])
            .AddNode("Sigmoid", ["platt_log_odds"], [output]);
    }

    /// <summary>Fits by Newton's method on the smoothed targets of Platt 1999, with the safeguards of Lin, Lin and Weng 2007.</summary>
    /// <param name="logOdds">Of rows that the model has not seen.</param>
    /// <param name="labels">One per row.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only.</exception>
    public static PlattScaling Fit(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels)
    {
        var (positives, rows) = CalibrationRows.Count(logOdds, labels);
        var (high, low) = ((positives + 1.0) / (positives + 2.0), 1 / (rows - positives + 2.0));
        var (slope, offset) = (0.0, Math.Log((positives + 1.0) / (rows - positives + 1.0)));
        var loss = Loss(logOdds, labels, slope, offset, high, low);
        for (var iteration = 0; iteration < IterationsMax; iteration++)
        {
            double slopeGradient = 0, offsetGradient = 0, slopeCurve = 1e-12, offsetCurve = 1e-12, crossCurve = 0;
            for (var row = 0; row < logOdds.Length; row++)
            {
                var probability = PlainSigmoid.Of((slope * logOdds[row]) + offset);
                var difference = probability - (labels[row] ? high : low);
                var weight = probability * (1 - probability);
                slopeGradient += difference * logOdds[row];
                offsetGradient += difference;
                slopeCurve += weight * logOdds[row] * logOdds[row];
                offsetCurve += weight;
                crossCurve += weight * logOdds[row];
            }

            if (Math.Abs(slopeGradient) < 1e-9 * rows && Math.Abs(offsetGradient) < 1e-9 * rows)
            {
                break;
            }

            var determinant = (slopeCurve * offsetCurve) - (crossCurve * crossCurve);
            var slopeStep = ((crossCurve * offsetGradient) - (offsetCurve * slopeGradient)) / determinant;
            var offsetStep = ((crossCurve * slopeGradient) - (slopeCurve * offsetGradient)) / determinant;
            var size = 1.0;
            var after = Loss(logOdds, labels, slope + slopeStep, offset + offsetStep, high, low);
            while (!(after < loss) && size > 1e-10)
            {
                size /= 2;
                after = Loss(logOdds, labels, slope + (size * slopeStep), offset + (size * offsetStep), high, low);
            }

            if (!(after < loss))
            {
                break;
            }

            (slope, offset, loss) = (slope + (size * slopeStep), offset + (size * offsetStep), after);
        }

        // A model that ranks worse than chance must not be turned round: then the share of positives is all that is known.
        return slope >= 0 ? new PlattScaling(slope, offset) : new PlattScaling(0, Math.Log((positives + 1.0) / (rows - positives + 1.0)));
    }

    private static double Loss(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels, double slope, double offset, double high, double low)
    {
        var sum = 0.0;
        for (var row = 0; row < logOdds.Length; row++)
        {
            var value = (slope * logOdds[row]) + offset;
            var softplus = value > 0 ? value + Math.Log(1 + Math.Exp(-value)) : Math.Log(1 + Math.Exp(value));
            sum += softplus - ((labels[row] ? high : low) * value);
        }

        return sum;
    }
}
