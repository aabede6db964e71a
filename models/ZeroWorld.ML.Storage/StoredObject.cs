namespace ZeroWorld.ML.Storage;

/// <summary>An object as it is listed.</summary>
/// <param name="Key">Its name, relative to the prefix of the store, with '/'.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ETag">Changes with its bytes.</param>
public sealed record StoredObject(string Key, long Bytes, string ETag)
{
    /// <value>When it was written, by the clock of the store; <see langword="null"/> where it was not listed.</value>
    public DateTimeOffset? Modified { get; init; }
}
