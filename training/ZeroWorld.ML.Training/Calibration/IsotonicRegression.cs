using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training;

/// <summary>Isotonic calibration: the best non-decreasing step function of the log odds, drawn through the middles of its steps, flat outside them.</summary>
/// <remarks>
/// Pool adjacent violators (Ayer et al. 1955). Lines between the middles instead of jumps keep a probability from turning over on the last bit of a score, so that float32
/// in a graph agrees with float64 here. Probabilities are kept half a row away from 0 and 1.
/// </remarks>
public sealed class IsotonicRegression : ICalibrator
{
    /// <summary>Knots, at most: neighbours with the fewest rows are joined above it.</summary>
    public const int KnotsMax = 128;

    // Two middles closer than this are one: a steeper line would magnify the rounding of float32.
    private const double DistanceMin = 1e-3;

    private readonly float[] _positions;
    private readonly float[] _values;

    private IsotonicRegression(float[] positions, float[] values) => (_positions, _values) = (positions, values);

    public string Name => "isotonic";

    /// <value>Log odds of the knots, ascending.</value>
    public IReadOnlyList<float> Positions => _positions;

    /// <value>Probabilities at the knots, not descending.</value>
    public IReadOnlyList<float> Values => _values;

    public double Apply(double logOdds)
    {
        var cell = 0;
        while (cell < _positions.Length && logOdds > _positions[cell])
        {
            cell++;
        }

        if (cell == 0 || cell == _positions.Length)
        {
            return _values[Math.Max(0, cell - 1)];
        }

        var share = (logOdds - _positions[cell - 1]) / ((double)_positions[cell] - _positions[cell - 1]);
        return _values[cell - 1] + (share * ((double)_values[cell] - _values[cell - 1]));
    }

    public void AddTo(OnnxGraphBuilder graph, string input, string output)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var cells = _positions.Length + 1;
        var (bases, values, slopes) = (new float[cells], new float[cells], new float[cells]);
        for (var cell = 0; cell < cells; cell++)
        {
            var before = Math.Max(0, cell - 1);
            (bases[cell], values[cell]) = (_positions[before], _values[before]);
            slopes[cell] = cell == 0 || cell == _positions.Length
                ? 0
                : (float)(((double)_values[cell] - _values[cell - 1]) / ((double)_positions[cell] - _positions[cell - 1]));
        }

        // How many knots lie below the log odds is the cell; a flat cell must not multiply an infinite distance, so distances are clipped to the knots.
        graph.AddInitializer("isotonic_knots", _positions, 1, _positions.Length)
            .AddInitializer("isotonic_bases", bases, cells)
            .AddInitializer("isotonic_values", values, cells)
            .AddInitializer("isotonic_slopes", slopes, cells)
            .AddInitializer("isotonic_axis", [1L], 1)
            .AddInitializer("isotonic_first", [_positions[0]])
            .AddInitializer("isotonic_last", [_positions[^1]])
            .AddNode("Clip", [input, "isotonic_first", "isotonic_last"], ["isotonic_input"])
            .AddNode("Greater", ["isotonic_input", "isotonic_knots"], ["isotonic_above"])
            .AddNode("Cast", ["isotonic_above"], ["isotonic_ones"], [OnnxAttribute.Of("to", 1L)])
            .AddNode("ReduceSum", ["isotonic_ones", "isotonic_axis"], ["isotonic_count"], [OnnxAttribute.Of("keepdims", 1L)])
            .AddNode("Cast", ["isotonic_count"], ["isotonic_cell"], [OnnxAttribute.Of("to", 7L)])
            .AddNode("Gather", ["isotonic_bases", "isotonic_cell"], ["isotonic_base"])
            .AddNode("Gather", ["isotonic_values", "isotonic_cell"], ["isotonic_value"])
            .AddNode("Gather", ["isotonic_slopes", "isotonic_cell"], ["isotonic_slope"])
            .AddNode("Sub", ["isotonic_input", "isotonic_base"], ["isotonic_distance"])
            .AddNode("Mul", ["isotonic_distance", "isotonic_slope"], ["isotonic_rise"])
            .AddNode("Add", ["isotonic_value", "isotonic_rise"], [output]);
    }

    /// <param name="logOdds">Of rows that the model has not seen.</param>
    /// <param name="labels">One per row.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only.</exception>
    public static IsotonicRegression Fit(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> labels)
    {
        var (_, rows) = CalibrationRows.Count(logOdds, labels);
        var (sorted, truth) = (logOdds.ToArray(), labels.ToArray());
        Array.Sort(sorted, truth);
        var steps = new List<Step>();
        for (int first = 0, end; first < rows; first = end)
        {
            var positives = 0;
            for (end = first; end < rows && sorted[end] == sorted[first]; end++)
            {
                positives += truth[end] ? 1 : 0;
            }

            steps.Add(new Step(sorted[first] * (end - first), positives, end - first));
            while (steps.Count > 1 && steps[^2].Share >= steps[^1].Share)
            {
                Join(steps, steps.Count - 2);
            }
        }

        while (steps.Count > 1 && FindJoint(steps) is >= 0 and var joint)
        {
            Join(steps, joint);
        }

        var margin = 0.5 / rows;
        return new IsotonicRegression(
            [.. steps.Select(static step => (float)step.Middle)], [.. steps.Select(step => (float)Math.Clamp(step.Share, margin, 1 - margin))]);
    }

    private static int FindJoint(List<Step> steps)
    {
        var lightest = 0;
        for (var index = 0; index + 1 < steps.Count; index++)
        {
            if (steps[index + 1].Middle - steps[index].Middle < DistanceMin)
            {
                return index;
            }

            lightest = steps[index].Rows + steps[index + 1].Rows < steps[lightest].Rows + steps[lightest + 1].Rows ? index : lightest;
        }

        return steps.Count > KnotsMax ? lightest : -1;
    }

    private static void Join(List<Step> steps, int index)
    {
        var (left, right) = (steps[index], steps[index + 1]);
        steps[index] = new Step(left.Sum + right.Sum, left.Positives + right.Positives, left.Rows + right.Rows);
        steps.RemoveAt(index + 1);
    }

    private readonly record struct Step(double Sum, int Positives, int Rows)
    {
        internal double Middle => Sum / Rows;

        internal double Share => (double)Positives / Rows;
    }
}
