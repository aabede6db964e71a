using System.Globalization;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Hyper-parameters of <see cref="EmbeddingBagTrainer"/>.</summary>
public sealed record EmbeddingBagSettings
{
    /// <value>Length of each feature's vector, a multiple of 8, 8 to 256; default 16.</value>
    public int Dimensions { get; init; } = 16;

    /// <value>Passes over the rows, 1 to 1,000; default 6.</value>
    public int Epochs { get; init; } = 6;

    /// <value>Of AdaGrad, above 0 and at most 10; default 0.2. It falls to 0 over the passes.</value>
    public double LearningRate { get; init; } = 0.2;

    /// <value>Share of a row's features that each step leaves out, 0 to 0.9; default 0.3.</value>
    public double Dropout { get; init; } = 0.3;

    /// <summary>The settings as texts, for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["algorithm"] = "embedding_bag",
        ["dimensions"] = Dimensions.ToString(CultureInfo.InvariantCulture),
        ["dropout"] = Dropout.ToString("R", CultureInfo.InvariantCulture),
        ["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString("R", CultureInfo.InvariantCulture),
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the message names the setting.</exception>
    internal void Validate()
    {
        Check("dimensions", Dimensions, Dimensions is >= 8 and <= 256 && Dimensions % 8 == 0, "a multiple of 8, 8 to 256");
        Check("epochs", Epochs, Epochs is >= 1 and <= 1_000, "1 to 1,000");
        Check("learning_rate", LearningRate, LearningRate is > 0 and <= 10, "above 0 and at most 10");
        Check("dropout", Dropout, Dropout is >= 0 and <= 0.9, "0 to 0.9");
    }

    private static void Check(string name, double value, bool isRight, string expected)
    {
        if (!isRight)
        {
            throw new TrainingException(TrainingError.InvalidInput, string.Create(CultureInfo.InvariantCulture, $"{name}: {value} is not valid; expected {expected}."));
        }
    }
}
