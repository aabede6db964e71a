namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>NeuMF: generalised matrix factorisation and a perceptron, fused (He et al. 2017), starting from the trained factorisation as the paper's pre-training does.</summary>
/// <remarks>
/// Embeddings learn by gradient steps, layers by Adam on batches, so that a step touches the rows of its users and items only. The kernels move the rows pair by pair; in TorchSharp a batch of
/// pairs moves them together (<c>NeuMfTorchFit</c>). One thread; the same seed and engine give the same model.
/// </remarks>
public sealed class NeuMfTrainer(NeuMfSettings settings) : IRecommenderTrainer
{
    private const int BatchRows = 128;

    public string Algorithm => "neumf";

    public IReadOnlyDictionary<string, string> Parameters { get; } = settings.ToParameters();

    public bool IsRandom => true;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        var factors = SampledFactorTrainer.FitFactors(settings.Factors, train, seed, cancellationToken);
        var network = NeuMfNetwork.Start(factors, train.UserCount, settings.Layers, seed);
        var (random, pairs) = (new FastRandom((ulong)seed + 1), new SampledPairs(train));
        if (settings.Engine == NeuMfEngine.TorchSharp)
        {
            network = NeuMfTorchFit.Run(network, pairs, settings, random, cancellationToken);
        }
        else
        {
            for (var epoch = 0; epoch < settings.Epochs; epoch++)
            {
                RunEpoch(network, pairs, ref random, epoch, cancellationToken);
            }
        }

        return new NeuMfModel(Algorithm, network, settings);
    }

    /// <summary>One pass over the observed pairs.</summary>
    internal void RunEpoch(NeuMfNetwork network, SampledPairs pairs, ref FastRandom random, int epoch, CancellationToken cancellationToken)
    {
        var rate = settings.RateOf(epoch);
        var taker = new Taker(network, new NeuMfStep(rate, (float)settings.Factors.Regularisation, true), (float)settings.LayerRate);
        pairs.RunEpoch(ref taker, ref random, settings.Factors.Negatives, cancellationToken);
    }

    private struct Taker(NeuMfNetwork network, NeuMfStep step, float layerRate) : SampledPairs.ITake
    {
        private readonly NeuMfScratch _scratch = network.NewScratch();
        private int _rows;

        public void Take(int user, int item, float label)
        {
            network.Update(network.Factors.User(user), network.UserInput(user), item, label, step, _scratch);
            if (++_rows == BatchRows)
            {
                network.Learn(layerRate, _rows);
                _rows = 0;
            }
        }
    }
}
