namespace ZeroWorld.ML.Training;

/// <summary>Learns a model that scores rows: one algorithm with its hyper-parameters.</summary>
/// <remarks>Settings live in the implementation and hold hyper-parameters only; data comes with <see cref="Fit"/>. Equal settings, rows and seed give an equal model.</remarks>
/// <typeparam name="TModel">What the trainer makes.</typeparam>
public interface ITrainer<out TModel>
    where TModel : ITrainedModel
{
    /// <summary>Name of the algorithm, for lineage.</summary>
    string Algorithm { get; }

    /// <summary>Hyper-parameters by name, as texts, for lineage.</summary>
    IReadOnlyDictionary<string, string> Parameters { get; }

    /// <param name="table">The data.</param>
    /// <param name="rows">Indexes of the rows to learn from, in order of time.</param>
    /// <param name="seed">Seed of everything random.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>.</exception>
    TModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken);
}
