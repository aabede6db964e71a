namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A trainer that keeps its last model: hybrids of a grid differ in weights only, and their parts are the same models.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class RememberedTrainer(IRecommenderTrainer trainer) : IRecommenderTrainer
{
    private (InteractionSet Set, int Seed, IRecommender Model)? _last;

    public string Algorithm => trainer.Algorithm;

    public IReadOnlyDictionary<string, string> Parameters => trainer.Parameters;

    public bool IsRandom => trainer.IsRandom;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        if (_last is { } last && ReferenceEquals(last.Set, train) && (last.Seed == seed || !trainer.IsRandom))
        {
            return last.Model;
        }

        // Let go first: two large models need not be there at once.
        _last = null;
        var model = trainer.Fit(train, seed, cancellationToken);
        _last = (train, seed, model);
        return model;
    }
}
