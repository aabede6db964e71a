using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>SASRec: self-attention over the recent items (Kang and McAuley, "Self-Attentive Sequential Recommendation", 2018), in TorchSharp, with a sampled softmax over the catalogue.</summary>
/// <remarks>The trained weights leave libtorch: the model that scores is managed code and needs no native library. One fit at a time in a process, since libtorch's generator is global.</remarks>
public sealed class SelfAttentionTrainer(SequenceSettings settings) : IRecommenderTrainer
{
    public string Algorithm => "sasrec";

    public IReadOnlyDictionary<string, string> Parameters { get; } = settings.ToParameters();

    public bool IsRandom => true;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        lock (SequenceNetworks.Gate)
        {
            manual_seed(seed);
            using var network = new SelfAttentionNetwork(settings, train.ItemCount);
            SequenceFit.Run(network, train, settings, seed, cancellationToken);
            return network.ToModel(Algorithm);
        }
    }
}
