namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Factors that were learned by sampled loss. A stranger's row is learned from its history alone, with the items as they are.</summary>
internal sealed class SampledFactorModel(string algorithm, BiasedFactors factors, SampledFactorSettings settings) : IQueryRecommender
{
    // So many passes over a history bring a row where training had it: further ones change little.
    private const int FoldInPasses = 30;

    public string Algorithm => algorithm;

    public int ItemCount => factors.ItemCount;

    internal BiasedFactors Factors => factors;

    internal SampledFactorSettings Settings => settings;

    public int QueryLength => factors.Stride;

    public ReadOnlySpan<float> ItemVectors => factors.Items;

    public void Score(UserHistory history, Span<float> scores) => QueryScores.Of(this, history, scores);

    public void Query(UserHistory history, Span<float> query) => (history.User >= 0 ? factors.User(history.User) : FoldIn(history.Items)).CopyTo(query);

    internal float[] FoldIn(ReadOnlySpan<int> items)
    {
        var user = factors.NewUser();
        var (known, order) = (new HashSet<int>(), items.ToArray());
        foreach (var item in items)
        {
            known.Add(item);
        }

        var random = new FastRandom((ulong)items.Length);
        for (var pass = 0; pass < FoldInPasses; pass++)
        {
            var rate = (float)(2 * settings.LearningRate * (1 - (0.9 * pass / FoldInPasses)));
            random.Shuffle(order);
            foreach (var item in order)
            {
                factors.UpdateUser(user, factors.Item(item), 1, rate, (float)settings.Regularisation);
                for (var index = 0; index < settings.Negatives; index++)
                {
                    var other = random.Next(factors.ItemCount);
                    if (!known.Contains(other))
                    {
                        factors.UpdateUser(user, factors.Item(other), 0, rate, (float)settings.Regularisation);
                    }
                }
            }
        }

        return user;
    }
}
