namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The files that an operation reads more than once, as they were when it began: row numbers of one reading say nothing about a file that came meanwhile.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class FileStamps
{
    private readonly Dictionary<string, (long Bytes, DateTime Written, DateTime Created)> _stamps = new(StringComparer.Ordinal);

    /// <summary>Remembers files before they are opened for the first time.</summary>
    public void Add(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            _stamps.TryAdd(file, StampOf(file));
        }
    }

    /// <summary>A file that is another one by now, or gone; <see langword="null"/>: all are what they were.</summary>
    public string? FindChanged() => _stamps.FirstOrDefault(static entry => StampOf(entry.Key) != entry.Value).Key;

    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: a file is another one.</exception>
    public void Require()
    {
        if (FindChanged() is { } changed)
        {
            throw new FeatureException(
                FeatureError.StoreUnavailable, $"File '{changed}' was replaced, by an import or a deletion, while a training set was built of it; nothing was written. Build it again.");
        }
    }

    // An erasure keeps the time of the last writing; a new file has a time of its own at which it was made.
    private static (long Bytes, DateTime Written, DateTime Created) StampOf(string path) =>
        new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc, file.CreationTimeUtc) : default;
}
