using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Hyper-parameters of <see cref="AutoencoderTrainer"/>, and nothing else.</summary>
public sealed record AutoencoderSettings
{
    /// <value>Units of the outer hidden layers; 2 to 1,024.</value>
    public int Hidden { get; init; } = 32;

    /// <value>Units of the narrow layer between them; 1 to 1,024. At most half of the features are used.</value>
    public int Code { get; init; } = 8;

    /// <value>Passes over the drawn rows, at most; 1 to 10,000.</value>
    public int EpochsMax { get; init; } = 60;

    /// <value>Passes without a better loss on held-out rows after which the fit stops; 1 or more. The best pass is kept.</value>
    public int Patience { get; init; } = 5;

    /// <value>Rows of a pass, at most, drawn anew for each; 256 or more.</value>
    public int EpochRowsMax { get; init; } = 20_000;

    /// <value>Step size of Adam; above 0, at most 1.</value>
    public double LearningRate { get; init; } = 0.002;

    /// <summary>Names and values for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["code"] = Code.ToString(CultureInfo.InvariantCulture),
        ["epoch_rows_max"] = EpochRowsMax.ToString(CultureInfo.InvariantCulture),
        ["epochs_max"] = EpochsMax.ToString(CultureInfo.InvariantCulture),
        ["hidden"] = Hidden.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString(CultureInfo.InvariantCulture),
        ["patience"] = Patience.ToString(CultureInfo.InvariantCulture),
    };

    /// <returns>A sentence about the first setting outside its range, or <see langword="null"/>.</returns>
    internal string? FindProblem() => this switch
    {
        { Hidden: < 2 or > 1024 } => $"Hidden is {Hidden}; expected 2 to 1024.",
        { Code: < 1 or > 1024 } => $"Code is {Code}; expected 1 to 1024.",
        { EpochsMax: < 1 or > 10_000 } => $"EpochsMax is {EpochsMax}; expected 1 to 10000.",
        { Patience: < 1 } => $"Patience is {Patience}; expected 1 or more.",
        { EpochRowsMax: < 256 } => $"EpochRowsMax is {EpochRowsMax}; expected 256 or more.",
        { LearningRate: not (> 0 and <= 1) } => $"LearningRate is {LearningRate}; expected above 0 and at most 1.",
        _ => null,
    };
}
