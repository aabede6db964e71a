using TorchSharp;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Trains a <see cref="SequenceNetwork"/> with a sampled softmax.</summary>
/// <remarks>
/// Every place of a history is asked for its next item, among drawn items that stand for the catalogue: their logits are raised by log(items / drawn), which makes the sampled sum an
/// unbiased estimate of the whole one. One draw serves all places of a batch.
/// </remarks>
internal static class SequenceFit
{
    internal static void Run(SequenceNetwork network, InteractionSet train, SequenceSettings settings, int seed, CancellationToken cancellationToken)
    {
        if (train.Count == 0 || Enumerable.Range(0, train.UserCount).All(user => train.ItemsOf(user).Length < 2))
        {
            throw new TrainingException(TrainingError.UnsuitableData, "No user has two interactions; a sequence model expects histories with a next item.");
        }

        var random = new Random(seed);
        var optimizer = new TorchAdam(network.Parameters, settings.LearningRate);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            foreach (var batch in SequenceBatches.Epoch(train, settings, random))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                optimizer.ZeroGradients();
                using var loss = Loss(network, batch, settings, random);
                loss.backward();
                optimizer.Step();
            }
        }
    }

    private static Tensor Loss(SequenceNetwork network, SequenceBatch batch, SequenceSettings settings, Random random)
    {
        var drawn = Draw(network.ItemCount, settings.Negatives, random);
        var history = tensor(batch.Items, [batch.Users, batch.Length], ScalarType.Int64);
        var targets = tensor(batch.Targets, ScalarType.Int64);
        var candidates = tensor(drawn, ScalarType.Int64);
        var queries = network.Forward(history, true).reshape(-1, settings.Dimensions).index_select(0, tensor(batch.Rows, ScalarType.Int64));
        var wanted = (queries * network.ItemVectors.index_select(0, targets)).sum(-1, keepdim: true);
        var others = queries.matmul(network.ItemVectors.index_select(0, candidates).t()).Plus(Math.Log((double)network.ItemCount / drawn.Length));

        // A target that was drawn too counts once.
        others = others.MaskedBy(targets.unsqueeze(1).eq(candidates.unsqueeze(0)), double.NegativeInfinity);
        return (cat([wanted, others], 1).logsumexp(1) - wanted.squeeze(1)).mean();
    }

    private static long[] Draw(int items, int count, Random random)
    {
        if (count >= items)
        {
            var all = new long[items];
            for (var item = 0; item < items; item++)
            {
                all[item] = item;
            }

            return all;
        }

        var drawn = new HashSet<int>(count);
        while (drawn.Count < count)
        {
            drawn.Add(random.Next(items));
        }

        return [.. drawn.Select(static item => (long)item)];
    }
}
