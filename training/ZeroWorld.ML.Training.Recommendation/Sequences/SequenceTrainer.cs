using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Trains a model that reads histories in order, in TorchSharp, with a sampled softmax over the catalogue.</summary>
/// <remarks>The trained weights leave libtorch: the model that scores is managed code and needs no native library. One fit at a time in a process, since libtorch's generator is global.</remarks>
public abstract class SequenceTrainer : IRecommenderTrainer
{
    private protected SequenceTrainer(string algorithm, SequenceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        (Algorithm, Settings, Parameters) = (algorithm, settings, settings.ToParameters());
    }

    public string Algorithm { get; }

    public IReadOnlyDictionary<string, string> Parameters { get; }

    public bool IsRandom => true;

    private protected SequenceSettings Settings { get; }

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        Settings.Check();
        return TorchGate.Run(Settings.Threads, () =>
        {
            manual_seed(seed);
            using var network = NewNetwork(train.ItemCount);
            SequenceFit.Run(network, train, Settings, seed, cancellationToken);
            return network.ToModel(Algorithm);
        });
    }

    /// <summary>A network with drawn weights.</summary>
    private protected abstract SequenceNetwork NewNetwork(int items);
}
