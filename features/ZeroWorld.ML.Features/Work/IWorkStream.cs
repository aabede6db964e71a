namespace ZeroWorld.ML.Features;

/// <summary>A stream of entries that a group of workers finishes, each entry once in effect.</summary>
/// <remarks>
/// Delivery is at least once: an entry that its worker did not finish comes again, to whoever asks. Its effect is once: finishing an entry appends what came of it and
/// acknowledges it in one step, and an entry that is finished already appends nothing. Thread safe.
/// </remarks>
public interface IWorkStream : IAsyncDisposable
{
    /// <value>Longest body that an output may have, in bytes.</value>
    int OutputBytesMax { get; }

    /// <summary>Takes entries: those that other workers left unfinished first, then new ones.</summary>
    /// <param name="most">1 or more.</param>
    /// <param name="wait">How long to wait for a first entry.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<IReadOnlyList<WorkEntry>> TakeAsync(int most, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Appends what came of entries and acknowledges them; each entry for itself in one step.</summary>
    /// <returns>Per result whether it took effect: <see langword="false"/> where the entry, or another with its key, was finished before.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: none, some or all are finished; taking again gives the others.</exception>
    Task<IReadOnlyList<bool>> FinishAsync(IReadOnlyList<WorkResult> results, CancellationToken cancellationToken);

    /// <summary>How many entries no worker has taken yet, and how many are taken but not finished.</summary>
    Task<(long Waiting, long Taken)> CountAsync(CancellationToken cancellationToken);
}
