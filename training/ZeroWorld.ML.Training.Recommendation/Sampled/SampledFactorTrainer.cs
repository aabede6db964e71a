namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Matrix factorisation with a sampled logistic loss: every observed pair against drawn ones that were not.</summary>
/// <remarks>
/// A score is b + b(user) + b(item) + p(user) q(item); its logistic function is the chance that the pair is observed. Stochastic gradient descent, one pair at a time, on one thread
/// (Rendle et al., "Neural Collaborative Filtering vs. Matrix Factorization Revisited", 2020). Negatives are uniform among the items that the user does not have.
/// </remarks>
public sealed class SampledFactorTrainer(SampledFactorSettings settings) : IRecommenderTrainer
{
    public string Algorithm => "mf";

    public IReadOnlyDictionary<string, string> Parameters { get; } = settings.ToParameters();

    public bool IsRandom => true;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        return new SampledFactorModel(Algorithm, FitFactors(settings, train, seed, cancellationToken), settings);
    }

    internal static BiasedFactors FitFactors(SampledFactorSettings settings, InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        var random = new FastRandom((ulong)seed);
        var factors = BiasedFactors.Start(train.UserCount, train.ItemCount, settings.Dimensions, settings.InitialDeviation, seed);
        var pairs = new SampledPairs(train);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            var rate = settings.LearningRate * (1 - (0.9 * epoch / settings.Epochs));
            var step = new Step(factors, (float)rate, (float)settings.Regularisation);
            pairs.RunEpoch(ref step, ref random, settings.Negatives, cancellationToken);
        }

        return factors;
    }

    private readonly struct Step(BiasedFactors factors, float rate, float regularisation) : SampledPairs.ITake
    {
        public void Take(int user, int item, float label) => factors.Update(factors.User(user), factors.Item(item), label, rate, regularisation);
    }
}
