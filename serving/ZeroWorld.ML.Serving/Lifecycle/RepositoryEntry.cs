using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One line of the repository's index.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">1 or more; <see langword="null"/> for a model of which no version is known.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Reason">
/// A sentence or a few words: why it is not there (<c>unloaded</c>, the error of its load). For one that is ready, why its newer content could not take over. Else empty.
/// </param>
public sealed record RepositoryEntry(ModelName Model, long? Version, RepositoryState State, string Reason);
