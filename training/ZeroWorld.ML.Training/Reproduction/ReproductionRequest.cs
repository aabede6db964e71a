namespace ZeroWorld.ML.Training;

/// <summary>What a reproduction runs on.</summary>
public sealed record ReproductionRequest
{
    /// <value>Folder (or file) with the data in its published layout.</value>
    public required string DataPath { get; init; }

    /// <value>One run per seed; default three.</value>
    public IReadOnlyList<int> Seeds { get; init; } = [1, 2, 3];

    /// <value>Names out of <see cref="IReproduction.Algorithms"/>; empty for all of them.</value>
    public IReadOnlyList<string> Algorithms { get; init; } = [];

    /// <summary>The algorithms to run, in the order of the table.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a name that the reproduction does not have, or no seed.</exception>
    public IReadOnlyList<string> Select(IReproduction reproduction)
    {
        ArgumentNullException.ThrowIfNull(reproduction);
        if (Seeds.Count == 0)
        {
            throw new TrainingException(TrainingError.InvalidInput, "seeds: none was given; expected at least one.");
        }

        foreach (var algorithm in Algorithms)
        {
            if (!reproduction.Algorithms.Contains(algorithm, StringComparer.Ordinal))
            {
                throw new TrainingException(
                    TrainingError.InvalidInput, $"algorithm: '{algorithm}' is unknown to {reproduction.Name}; expected one of {string.Join(", ", reproduction.Algorithms)}.");
            }
        }

        return Algorithms.Count == 0 ? reproduction.Algorithms : [.. reproduction.Algorithms.Where(Algorithms.Contains)];
    }
}
