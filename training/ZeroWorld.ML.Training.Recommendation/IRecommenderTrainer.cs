namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Learns a recommender: one algorithm with its hyper-parameters.</summary>
/// <remarks>Equal settings, interactions and seed give an equal model, whatever the number of threads.</remarks>
public interface IRecommenderTrainer
{
    /// <summary>Name of the algorithm, as the command line spells it.</summary>
    string Algorithm { get; }

    /// <summary>Hyper-parameters by name, as texts, for lineage.</summary>
    IReadOnlyDictionary<string, string> Parameters { get; }

    /// <value>Whether the seed changes the model.</value>
    bool IsRandom { get; }

    /// <param name="train">What to learn from.</param>
    /// <param name="seed">Seed of everything random.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: no interaction, or a catalogue that the algorithm cannot hold.</exception>
    IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken);
}
