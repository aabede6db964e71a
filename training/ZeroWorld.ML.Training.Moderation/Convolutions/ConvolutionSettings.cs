using System.Globalization;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Hyper-parameters of <see cref="ConvolutionTrainer"/>.</summary>
public sealed record ConvolutionSettings
{
    /// <value>Word pieces at most, 64 to 100,000; default 8,000.</value>
    public int Vocabulary { get; init; } = 8_000;

    /// <value>Pieces of a text that are read, 8 to 512; default 96.</value>
    public int LengthMax { get; init; } = 96;

    /// <value>Length of each piece's vector, 4 to 512; default 64.</value>
    public int Dimensions { get; init; } = 64;

    /// <value>Filters of each width, 4 to 512; default 64.</value>
    public int Filters { get; init; } = 64;

    /// <value>Pieces that a filter sees, each 1 to 8; default 1 to 4.</value>
    public IReadOnlyList<int> Widths { get; init; } = [1, 2, 3, 4];

    /// <value>Passes over the texts, 1 to 100; default 4.</value>
    public int Epochs { get; init; } = 4;

    /// <value>Texts of one step, 1 to 4,096; default 64.</value>
    public int BatchRows { get; init; } = 64;

    /// <value>Of Adam, above 0 and at most 1; default 0.002. It falls to 0 over the passes.</value>
    public double LearningRate { get; init; } = 0.002;

    /// <value>Share of the filters' answers that each step leaves out, 0 to 0.9; default 0.5.</value>
    public double Dropout { get; init; } = 0.5;

    /// <summary>The settings as texts, for lineage.</summary>
    public IReadOnlyDictionary<string, string> ToParameters() => new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["algorithm"] = "convolution",
        ["batch_rows"] = BatchRows.ToString(CultureInfo.InvariantCulture),
        ["dimensions"] = Dimensions.ToString(CultureInfo.InvariantCulture),
        ["dropout"] = Dropout.ToString("R", CultureInfo.InvariantCulture),
        ["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture),
        ["filters"] = Filters.ToString(CultureInfo.InvariantCulture),
        ["learning_rate"] = LearningRate.ToString("R", CultureInfo.InvariantCulture),
        ["length_max"] = LengthMax.ToString(CultureInfo.InvariantCulture),
        ["vocabulary"] = Vocabulary.ToString(CultureInfo.InvariantCulture),
        ["widths"] = string.Join(' ', Widths),
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the message names the setting.</exception>
    internal void Validate()
    {
        Check("vocabulary", Vocabulary, Vocabulary is >= 64 and <= 100_000, "64 to 100,000");
        Check("length_max", LengthMax, LengthMax is >= 8 and <= 512, "8 to 512");
        Check("dimensions", Dimensions, Dimensions is >= 4 and <= 512, "4 to 512");
        Check("filters", Filters, Filters is >= 4 and <= 512, "4 to 512");
        Check("widths", Widths.Count, Widths.Count is >= 1 and <= 8 && Widths.All(static width => width is >= 1 and <= 8), "one to eight widths of 1 to 8");
        Check("epochs", Epochs, Epochs is >= 1 and <= 100, "1 to 100");
        Check("batch_rows", BatchRows, BatchRows is >= 1 and <= 4_096, "1 to 4,096");
        Check("learning_rate", LearningRate, LearningRate is > 0 and <= 1, "above 0 and at most 1");
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
