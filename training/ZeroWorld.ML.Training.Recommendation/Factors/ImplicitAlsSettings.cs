using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Hyper-parameters of <see cref="ImplicitAlsTrainer"/>.</summary>
public sealed record ImplicitAlsSettings
{
    /// <value>Length of a factor, 1 to 1,024. Default 64.</value>
    public int Dimensions { get; init; } = 64;

    /// <value>0 or more, multiplied by how often a user or an item occurs: <c>regularisation * (n + unobserved * N)</c>. Default 0.007.</value>
    public double Regularisation { get; init; } = 0.007;

    /// <value>Weight of a pair that was not observed beside the weight 1 of one that was, 0 or more. Default 0.3.</value>
    public double UnobservedWeight { get; init; } = 0.3;

    /// <value>1 or more. Default 12.</value>
    public int Epochs { get; init; } = 12;

    /// <value>Standard deviation of the first factors times sqrt(dimensions), above 0. Default 0.1.</value>
    public double InitialDeviation { get; init; } = 0.1;

    internal IReadOnlyDictionary<string, string> ToParameters() => new Dictionary<string, string>
    {
        ["dimensions"] = Dimensions.ToString(CultureInfo.InvariantCulture),
        ["regularisation"] = Regularisation.ToString(CultureInfo.InvariantCulture),
        ["unobserved_weight"] = UnobservedWeight.ToString(CultureInfo.InvariantCulture),
        ["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
        ["initial_deviation"] = InitialDeviation.ToString(CultureInfo.InvariantCulture),
    };

    internal void Check()
    {
        if (Dimensions is < 1 or > 1024 || !(Regularisation > 0) || !(UnobservedWeight >= 0) || Epochs < 1 || !(InitialDeviation > 0))
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"dimensions is {Dimensions}, regularisation {Regularisation}, unobservedWeight {UnobservedWeight}, epochs {Epochs}, initialDeviation {InitialDeviation}; "
                + "expected 1 to 1024, above 0, 0 or more, 1 or more, above 0.");
        }
    }
}
