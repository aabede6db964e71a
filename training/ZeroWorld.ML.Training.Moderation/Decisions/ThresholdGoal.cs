using System.Globalization;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What a threshold must reach on validation rows.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="Value">Precision and recall: 0 to 1, both exclusive of 0. Cost: what one missed row costs in units of one wrongly flagged, above 0.</param>
public readonly record struct ThresholdGoal(ThresholdGoalKind Kind, double Value)
{
    /// <summary>Reads <c>precision=0.95</c>, <c>recall=0.9</c> or <c>cost=10</c>.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    public static ThresholdGoal Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Split('=') is [var name, var number]
            && Enum.TryParse<ThresholdGoalKind>(name, ignoreCase: true, out var kind) && !char.IsAsciiDigit(name[0])
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value > 0 && double.IsFinite(value) && (kind == ThresholdGoalKind.Cost || value <= 1))
        {
            return new ThresholdGoal(kind, value);
        }

        throw new TrainingException(TrainingError.InvalidInput, $"threshold goal: '{text}' is none; expected precision=0.95, recall=0.9 (above 0, at most 1) or cost=10 (above 0).");
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind.ToString().ToLowerInvariant()}={Value}");
}
