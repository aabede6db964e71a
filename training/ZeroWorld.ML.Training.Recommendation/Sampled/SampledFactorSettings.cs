using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Hyper-parameters of <see cref="SampledFactorTrainer"/>.</summary>
public sealed record SampledFactorSettings
{
    /// <value>Length of a factor, 1 to 1,024. Default 64.</value>
    public int Dimensions { get; init; } = 64;

    /// <value>Step of the gradient at the start, above 0; it falls linearly to a tenth. Default 0.02.</value>
    public double LearningRate { get; init; } = 0.02;

    /// <value>0 or more, per update. Default 0.005.</value>
    public double Regularisation { get; init; } = 0.005;

    /// <value>Drawn negatives per observed pair, 1 or more. Default 8.</value>
    public int Negatives { get; init; } = 8;

    /// <value>Passes over the observed pairs, 1 or more. Default 40.</value>
    public int Epochs { get; init; } = 40;

    /// <value>Standard deviation of the first factors, above 0. Default 0.1.</value>
    public double InitialDeviation { get; init; } = 0.1;

    internal IReadOnlyDictionary<string, string> ToParameters() => new Dictionary<string, string>
    {
        ["dimensions"] = Dimensions.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString(CultureInfo.InvariantCulture),
        ["regularisation"] = Regularisation.ToString(CultureInfo.InvariantCulture),
        ["negatives"] = Negatives.ToString(CultureInfo.InvariantCulture),
        ["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
        ["initial_deviation"] = InitialDeviation.ToString(CultureInfo.InvariantCulture),
    };

    internal void Check()
    {
        if (Dimensions is < 1 or > 1024 || !(LearningRate > 0) || !(Regularisation >= 0) || Negatives < 1 || Epochs < 1 || !(InitialDeviation > 0))
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"dimensions is {Dimensions}, learningRate {LearningRate}, regularisation {Regularisation}, negatives {Negatives}, epochs {Epochs}, initialDeviation {InitialDeviation}; "
                + "expected 1 to 1024, above 0, 0 or more, 1 or more, 1 or more, above 0.");
        }
    }
}
