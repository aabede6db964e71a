using System.Globalization;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Hyper-parameters of <see cref="LinearTextTrainer"/>.</summary>
public sealed record LinearTextSettings
{
    /// <value>Weight of a row's loss against the squared weights; above 0, default 4.</value>
    public double Cost { get; init; } = 4;

    /// <value>0: every row counts alike; 1: every label's rows together count alike; between: a power of that. Default 0.</value>
    public double Balance { get; init; }

    /// <value>Default <see cref="FeatureScaling.Rarity"/>.</value>
    public FeatureScaling Scaling { get; init; } = FeatureScaling.Rarity;

    /// <value>Passes over the rows at most, 1 or more; default 15.</value>
    public int PassesMax { get; init; } = 15;

    /// <value>Fitting ends when no row's dual variable moved by more than this share of its bound; default 0.02.</value>
    public double Tolerance { get; init; } = 0.02;

    /// <summary>The settings as texts, for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["algorithm"] = "linear_text",
        ["balance"] = Balance.ToString("R", CultureInfo.InvariantCulture),
        ["cost"] = Cost.ToString("R", CultureInfo.InvariantCulture),
        ["passes_max"] = PassesMax.ToString(CultureInfo.InvariantCulture),
        ["scaling"] = Scaling.ToString().ToLowerInvariant(),
        ["tolerance"] = Tolerance.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the message names the setting.</exception>
    internal void Validate()
    {
        Check("cost", Cost, Cost is > 0 and < 1e6, "above 0 and below 1,000,000");
        Check("balance", Balance, Balance is >= 0 and <= 1, "0 to 1");
        Check("passes_max", PassesMax, PassesMax is >= 1 and <= 10_000, "1 to 10,000");
        Check("tolerance", Tolerance, Tolerance is > 0 and < 1, "above 0 and below 1");
    }

    private static void Check(string name, double value, bool isRight, string expected)
    {
        if (!isRight)
        {
            throw new TrainingException(TrainingError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"{name}: {value} is not valid; expected {expected}."));
        }
    }
}
