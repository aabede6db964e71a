namespace ZeroWorld.ML.Models;

/// <summary>An output that the model gives for all requests of a run in one dimension: each gets as many elements as its shape says, which is that of one of its ragged inputs.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="Name">Name in the model.</param>
/// <param name="Source">The ragged input.</param>
/// <param name="Shape">In answers, the row axis first; an open dimension is as large as the same one of the input.</param>
public sealed record BatchOutput(string Name, string Source, IReadOnlyList<long> Shape);
