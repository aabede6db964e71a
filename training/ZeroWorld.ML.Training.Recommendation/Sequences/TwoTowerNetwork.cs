using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>query = m + W2 relu(W1 m + b1) + b2 with m the recency-weighted mean of the inputs' embeddings; items have vectors of their own.</summary>
internal sealed class TwoTowerNetwork : SequenceNetwork
{
    private readonly Parameter _inputs;
    private readonly Parameter _vectors;
    private readonly Parameter[] _layers;
    private readonly RecencyWeights _recency;

    internal TwoTowerNetwork(SequenceSettings settings, int items)
        : base(settings, items)
    {
        var (size, hidden) = (settings.Dimensions, settings.Hidden);
        _inputs = Normal(0.1, items, size);
        _vectors = Normal(0.1, items, size);
        _layers = [Normal(Math.Sqrt(2.0 / size), hidden, size), Constant(0, hidden), Normal(1 / Math.Sqrt(hidden), size, hidden), Constant(0, size)];
        _recency = new RecencyWeights(settings.Decay, settings.HistoryMax);
    }

    internal override Parameter ItemVectors => _vectors;

    internal override Tensor Forward(Tensor history, bool isLearning)
    {
        var (users, length, size) = (history.shape[0], (int)history.shape[1], (long)Settings.Dimensions);
        var embeddings = Drop(_inputs.index_select(0, history.reshape(-1)).reshape(users, length, size), isLearning);
        var mean = tensor(TwoTowerModel.MeanWeights(_recency, length), [length, length], ScalarType.Float32).matmul(embeddings);
        var inner = Drop(nn.functional.linear(mean, _layers[0], _layers[1]).relu(), isLearning);
        return mean.Plus(nn.functional.linear(inner, _layers[2], _layers[3]));
    }

    internal override IRecommender ToModel(string algorithm) =>
        new TwoTowerModel(algorithm, Settings, _inputs.ToFloats(), _vectors.ToFloats(), [.. _layers.Select(TorchArithmetic.ToFloats)]);
}
