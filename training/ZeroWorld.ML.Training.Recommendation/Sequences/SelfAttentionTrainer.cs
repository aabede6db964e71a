namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>SASRec: self-attention over the recent items (Kang and McAuley, "Self-Attentive Sequential Recommendation", 2018).</summary>
public sealed class SelfAttentionTrainer(SequenceSettings settings) : SequenceTrainer("sasrec", settings)
{
    private protected override SequenceNetwork NewNetwork(int items) => new SelfAttentionNetwork(Settings, items);
}
