namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A trained NeuMF. A stranger's rows are learned from its history alone, with items and layers as they are.</summary>
internal sealed class NeuMfModel(string algorithm, NeuMfNetwork network, NeuMfSettings settings) : IRecommender
{
    private const int FoldInPasses = 30;

    public string Algorithm => algorithm;

    public int ItemCount => network.Factors.ItemCount;

    internal NeuMfNetwork Network => network;

    internal NeuMfSettings Settings => settings;

    public void Score(UserHistory history, Span<float> scores)
    {
        var scratch = network.NewScratch();
        if (history.User >= 0)
        {
            Score(network.Factors.User(history.User), network.UserInput(history.User), scratch, scores);
            return;
        }

        var (factor, input) = FoldIn(history.Items, scratch);
        Score(factor, input, scratch, scores);
    }

    private void Score(ReadOnlySpan<float> factor, ReadOnlySpan<float> input, NeuMfScratch scratch, Span<float> scores)
    {
        for (var item = 0; item < scores.Length; item++)
        {
            scores[item] = network.Score(factor, input, item, scratch);
        }
    }

    private (float[] Factor, float[] Input) FoldIn(ReadOnlySpan<int> items, NeuMfScratch scratch)
    {
        // The factor starts where the factorisation alone brings it: that is cheap, and the network was trained from there.
        var factor = new SampledFactorModel(algorithm, network.Factors, settings.Factors).FoldIn(items);
        var input = new float[network.HalfInput];
        var (known, order) = (new HashSet<int>(), items.ToArray());
        foreach (var item in items)
        {
            known.Add(item);
        }

        var random = new FastRandom((ulong)items.Length);
        for (var pass = 0; pass < FoldInPasses; pass++)
        {
            var step = new NeuMfStep((float)(settings.EmbeddingRate * (1 - (0.9 * pass / FoldInPasses))), (float)settings.Factors.Regularisation, false);
            random.Shuffle(order);
            foreach (var item in order)
            {
                network.Update(factor, input, item, 1, step, scratch);
                var other = random.Next(ItemCount);
                for (var index = 0; index < settings.Factors.Negatives; index++, other = random.Next(ItemCount))
                {
                    if (!known.Contains(other))
                    {
                        network.Update(factor, input, other, 0, step, scratch);
                    }
                }
            }
        }

        return (factor, input);
    }
}
