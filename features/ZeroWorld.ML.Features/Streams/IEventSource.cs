namespace ZeroWorld.ML.Features;

/// <summary>A stream of events at a broker, read as one member of a consumer group.</summary>
/// <remarks>
/// At least once: what was read and not committed is read again, by this member or another one, however it ended. One loop owns a source: members are not
/// called concurrently, but for <see cref="ReadLagAsync"/>. A vendor's exceptions stay inside: what can go away by itself is
/// <see cref="FeatureError.StoreUnavailable"/>, and the call may be repeated.
/// </remarks>
public interface IEventSource : IAsyncDisposable
{
    /// <summary>The next events, in the order of each partition: what this member read before and never committed first.</summary>
    /// <param name="eventsMax">Events at most, 1 or more.</param>
    /// <param name="wait">The longest wait for the first one.</param>
    /// <returns>Empty when none came in time.</returns>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.StoreUnavailable"/>: the broker does not answer. <see cref="FeatureError.InvalidInput"/>: it has no such stream, or is of a kind that has none.
    /// </exception>
    Task<IReadOnlyList<StreamEvent>> ReadAsync(int eventsMax, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Says that events are done: they are not read again. Those among them that nobody could take go to the dead letters first.</summary>
    /// <param name="events">In the order in which they were read.</param>
    /// <param name="deadLetters">Those of them that were refused, with the reason.</param>
    /// <param name="cancellationToken">Ends the wait; what was not committed comes again.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: repeat it, or read again.</exception>
    Task CommitAsync(IReadOnlyList<StreamEvent> events, IReadOnlyList<DeadLetter> deadLetters, CancellationToken cancellationToken);

    /// <summary>Events of the stream that the group has not committed.</summary>
    /// <returns><see langword="null"/> when the broker cannot tell.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<long?> ReadLagAsync(CancellationToken cancellationToken);
}
