namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds rows in the files that an <see cref="IRowSink"/> wrote.</summary>
/// <remarks>Thread safe. A file that a writer is still at is not seen.</remarks>
public interface IRowSource
{
    /// <summary>The folders directly below a folder of the sink, relative to its root, with '/'.</summary>
    /// <param name="folder">Relative to the root, with '/'; one that is not there has none.</param>
    Task<IReadOnlyList<string>> ListFoldersAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Rows of the files in some folders whose text column has a value, in the order of a second column.</summary>
    /// <param name="folders">Relative to the root, with '/'; those that are not there hold nothing.</param>
    /// <param name="column">A string column.</param>
    /// <param name="value">What it must be.</param>
    /// <param name="orderBy">A column to sort by.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.CorruptData"/>: a file is not what the sink writes; <see cref="FeatureError.StoreUnavailable"/>: the files cannot be reached.
    /// </exception>
    Task<IReadOnlyList<ParquetRow>> FindAsync(IReadOnlyList<string> folders, string column, string value, string orderBy, CancellationToken cancellationToken);
}
