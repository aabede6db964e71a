namespace ZeroWorld.ML.Features;

/// <summary>Logs to which a key's record is appended once, and which are read from their first record on, or from a place.</summary>
/// <remarks>Thread safe. Whoever appends may be one of several processes.</remarks>
public interface IKeyedLog : IAsyncDisposable
{
    /// <summary>What a log holds now, oldest first, a bounded part of it in memory; nothing where there is no such log.</summary>
    /// <param name="from">Place of a record, which comes first; where it is not there anymore, whatever comes behind that place, or all. <see langword="null"/>: from the first on.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    IAsyncEnumerable<LogRecord> ReadAsync(string log, string? from, CancellationToken cancellationToken);

    /// <summary>Appends a record, unless this method has appended one of the same key. Repeating it is safe.</summary>
    /// <returns><see langword="false"/>: there is one, and it stays.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: it is appended or not; repeating it tells.</exception>
    Task<bool> TryAppendAsync(string log, string key, ReadOnlyMemory<byte> record, CancellationToken cancellationToken);

    /// <summary>What a reader of a log left for those that come later.</summary>
    /// <returns><see langword="null"/>: nobody did, or the log keeps no marks.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task<string?> FindMarkAsync(string log, CancellationToken cancellationToken);

    /// <summary>Leaves a mark instead of the one before: of two readers either one's stays.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>.</exception>
    Task SetMarkAsync(string log, string mark, CancellationToken cancellationToken);
}
