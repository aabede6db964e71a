namespace ZeroWorld.ML.Training;

/// <summary>A published table of quality, as a command that measures it again with our trainers.</summary>
/// <remarks>
/// Hyper-parameters are chosen on validation rows inside the training part only; test rows are looked at once per seed of the chosen settings.
/// Implementations are immutable and thread safe; equal data, seeds and threads give equal figures.
/// </remarks>
public interface IReproduction
{
    /// <summary>What <c>zwml reproduce NAME</c> is told: lower case, digits and dashes.</summary>
    string Name { get; }

    /// <summary>One sentence: data set, protocol and where the published figures come from.</summary>
    string Description { get; }

    /// <summary>Algorithms that can be measured, in the order of the table.</summary>
    IReadOnlyList<string> Algorithms { get; }

    /// <param name="request">Data, seeds and which algorithms.</param>
    /// <param name="progress">Receives every finished step; may be called from any thread.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, <see cref="TrainingError.UnsuitableData"/>: the data is absent or not of the expected form.</exception>
    Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken);
}
