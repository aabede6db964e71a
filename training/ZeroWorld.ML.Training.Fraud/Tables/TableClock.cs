using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The features that are made of times: ages first, then the hour. They are the last ones of the numbers, and the exported graph makes them itself.</summary>
/// <param name="Time">Column of the rows' own time.</param>
/// <param name="Columns">Columns of times whose ages are features, in the order of these.</param>
/// <param name="HasHour">Whether the hour of <paramref name="Time"/> is a feature.</param>
internal sealed record TableClock(string Time, IReadOnlyList<string> Columns, bool HasHour)
{
    private const double HoursPerDay = 24;

    internal ClockFeatures Features => new(Columns.Count, HasHour);

    /// <summary>Columns of <see cref="FeatureEncoding.TimesInput"/>.</summary>
    internal IReadOnlyList<string> Times => [Time, .. Columns];

    /// <summary>Declares the input and adds the nodes that <see cref="TableAges"/> and <see cref="TableHours"/> stand for.</summary>
    /// <returns>Names of FP32 values [rows, n], which are the features one after the other.</returns>
    internal IReadOnlyList<string> AddTo(OnnxGraphBuilder graph)
    {
        var parts = new List<string>();
        graph.AddInput(new TensorSpec(FeatureEncoding.TimesInput, TensorDtype.Float64, [-1, 1 + Columns.Count]))
            .AddInitializer("day", [(double)UtcDay.Length], 1)
            .AddInitializer("own_position", [0L], 1)
            .AddNode("Gather", [FeatureEncoding.TimesInput, "own_position"], ["own_time"], [OnnxAttribute.Of("axis", 1L)]);
        if (Columns.Count > 0)
        {
            graph.AddInitializer("time_positions", [.. Enumerable.Range(1, Columns.Count).Select(static position => (long)position)], Columns.Count)
                .AddNode("Gather", [FeatureEncoding.TimesInput, "time_positions"], ["moments"], [OnnxAttribute.Of("axis", 1L)])
                .AddNode("Sub", ["own_time", "moments"], ["elapsed"])
                .AddNode("Div", ["elapsed", "day"], ["days"])
                .AddNode("Cast", ["days"], ["ages"], [OnnxAttribute.Of("to", 1L)]);
            parts.Add("ages");
        }

        if (HasHour)
        {
            // Twice, so that times before the epoch have their hour too: the remainder has the sign of the time.
            graph.AddInitializer("hours_per_day", [HoursPerDay], 1)
                .AddNode("Mod", ["own_time", "day"], ["signed_of_day"], [OnnxAttribute.Of("fmod", 1L)])
                .AddNode("Add", ["signed_of_day", "day"], ["shifted_of_day"])
                .AddNode("Mod", ["shifted_of_day", "day"], ["of_day"], [OnnxAttribute.Of("fmod", 1L)])
                .AddNode("Mul", ["of_day", "hours_per_day"], ["of_day_hours"])
                .AddNode("Div", ["of_day_hours", "day"], ["hours"])
                .AddNode("Cast", ["hours"], ["hour"], [OnnxAttribute.Of("to", 1L)]);
            parts.Add("hour");
        }

        return parts;
    }
}
