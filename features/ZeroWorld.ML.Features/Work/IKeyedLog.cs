namespace ZeroWorld.ML.Features;

/// <summary>Logs that are read from their first record on, and to which a key's record is appended once.</summary>
/// <remarks>Thread safe. Whoever appends may be one of several processes.</remarks>
public interface IKeyedLog : IAsyncDisposable
{
    /// <summary>What a log holds now, oldest first, a bounded part of it in memory; nothing where there is no such log.</summary>
    /// <returns>Records; each is the caller's.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string log, CancellationToken cancellationToken);

    /// <summary>Appends a record, unless this method has appended one of the same key. Repeating it is safe.</summary>
    /// <returns><see langword="false"/>: there is one, and it stays.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: it is appended or not; repeating it tells.</exception>
    Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken);
}
