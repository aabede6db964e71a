using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Hyper-parameters of the models that read a history in order: <see cref="SelfAttentionTrainer"/> and <see cref="TwoTowerTrainer"/>.</summary>
public sealed record SequenceSettings
{
    /// <value>Length of an item's embedding, a multiple of <see cref="Heads"/>, 8 to 512. Default 64.</value>
    public int Dimensions { get; init; } = 64;

    /// <value>Only so many newest items are read, 1 to 500. Default 50.</value>
    public int HistoryMax { get; init; } = 50;

    /// <value>Layers of self-attention, 1 to 8. Default 2; the two-tower model has none.</value>
    public int Blocks { get; init; } = 2;

    /// <value>Heads of each layer. Default 2.</value>
    public int Heads { get; init; } = 2;

    /// <value>Size of the hidden layer of each feed-forward net, 8 or more. Default 128.</value>
    public int Hidden { get; init; } = 128;

    /// <value>Share of values that are left out while learning, 0 to below 1. Default 0.3.</value>
    public double Dropout { get; init; } = 0.3;

    /// <value>Step of Adam, above 0. Default 0.001.</value>
    public double LearningRate { get; init; } = 0.001;

    /// <value>Passes over the histories, 1 or more. Default 20.</value>
    public int Epochs { get; init; } = 20;

    /// <value>Histories per step, 1 or more. Default 128.</value>
    public int BatchUsers { get; init; } = 128;

    /// <value>Items, drawn anew for each step, that stand for the whole catalogue in the softmax, 1 or more. Default 1,024; as many as the catalogue has where that is less.</value>
    public int Negatives { get; init; } = 1024;

    /// <value>How fast items fade in the user tower of the two-tower model, above 0 up to 1. Default 0.8.</value>
    public double Decay { get; init; } = 0.8;

    /// <value>Threads of libtorch while fitting, 1 or more. Default 1: the same model on every machine, and steps this small gain little from more.</value>
    public int Threads { get; init; } = 1;

    internal IReadOnlyDictionary<string, string> ToParameters() => new Dictionary<string, string>
    {
        ["dimensions"] = Dimensions.ToString(CultureInfo.InvariantCulture),
        ["history_max"] = HistoryMax.ToString(CultureInfo.InvariantCulture),
        ["blocks"] = Blocks.ToString(CultureInfo.InvariantCulture),
        ["heads"] = Heads.ToString(CultureInfo.InvariantCulture),
        ["hidden"] = Hidden.ToString(CultureInfo.InvariantCulture),
        ["dropout"] = Dropout.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString(CultureInfo.InvariantCulture),
        ["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
        ["batch_users"] = BatchUsers.ToString(CultureInfo.InvariantCulture),
        ["negatives"] = Negatives.ToString(CultureInfo.InvariantCulture),
        ["decay"] = Decay.ToString(CultureInfo.InvariantCulture),
    };

    internal void Check()
    {
        if (Dimensions is < 8 or > 512 || Heads < 1 || Dimensions % Heads != 0 || HistoryMax is < 1 or > 500 || Blocks is < 1 or > 8 || Hidden < 8)
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"dimensions is {Dimensions}, heads {Heads}, historyMax {HistoryMax}, blocks {Blocks}, hidden {Hidden}; expected 8 to 512 and a multiple of the heads, 1 or more, 1 to 500, 1 to 8, 8 or more.");
        }

        if (Dropout is not (>= 0 and < 1) || !(LearningRate > 0) || Epochs < 1 || BatchUsers < 1 || Negatives < 1 || Decay is not (> 0 and <= 1) || Threads < 1)
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"dropout is {Dropout}, learningRate {LearningRate}, epochs {Epochs}, batchUsers {BatchUsers}, negatives {Negatives}, decay {Decay}, threads {Threads}; "
                + "expected 0 to below 1, above 0, 1 or more, 1 or more, 1 or more, above 0 up to 1, 1 or more.");
        }
    }
}
