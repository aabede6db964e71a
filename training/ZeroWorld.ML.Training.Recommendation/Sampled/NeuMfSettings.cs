using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Hyper-parameters of <see cref="NeuMfTrainer"/>.</summary>
public sealed record NeuMfSettings
{
    /// <value>The generalised matrix factorisation that the network starts from.</value>
    public SampledFactorSettings Factors { get; init; } = new();

    /// <value>Sizes of the perceptron: its input (half for the user, half for the item) and its hidden layers; multiples of 16, the first of 32. Default 64, 32, 16.</value>
    public IReadOnlyList<int> Layers { get; init; } = [64, 32, 16];

    /// <value>Passes over the observed pairs with the whole network, 1 or more. Default 2.</value>
    public int Epochs { get; init; } = 2;

    /// <value>Step of Adam for the layers, above 0. Default 0.001.</value>
    public double LayerRate { get; init; } = 0.001;

    /// <value>Step of the gradient for all embeddings, above 0; it falls linearly to a tenth. Default 0.01.</value>
    public double EmbeddingRate { get; init; } = 0.01;

    /// <value>What computes the steps. Default: the kernels, which are several times as fast (docs/adr/0008-neumf-engines.md).</value>
    public NeuMfEngine Engine { get; init; }

    internal IReadOnlyDictionary<string, string> ToParameters()
    {
        var parameters = Factors.ToParameters().ToDictionary(static pair => $"factors_{pair.Key}", static pair => pair.Value);
        parameters["layers"] = string.Join('-', Layers);
        parameters["epochs"] = Epochs.ToString(CultureInfo.InvariantCulture);
        parameters["layer_rate"] = LayerRate.ToString(CultureInfo.InvariantCulture);
        parameters["embedding_rate"] = EmbeddingRate.ToString(CultureInfo.InvariantCulture);
        parameters["engine"] = Engine.ToString();
        return parameters;
    }

    /// <summary>Step of the embeddings in an epoch.</summary>
    internal float RateOf(int epoch) => (float)(EmbeddingRate * (1 - (0.9 * epoch / Epochs)));

    internal void Check()
    {
        Factors.Check();
        if (Layers.Count < 2 || Layers[0] % 32 != 0 || Layers.Any(static size => size is < 16 or > 1024 || size % 16 != 0) || Epochs < 1 || !(LayerRate > 0) || !(EmbeddingRate > 0))
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"layers is [{string.Join(", ", Layers)}], epochs {Epochs}, layerRate {LayerRate}, embeddingRate {EmbeddingRate}; expected at least two sizes of 16 to 1024, multiples of 16 "
                + "and the first of 32, 1 or more, above 0, above 0.");
        }
    }
}
