namespace ZeroWorld.ML.Models;

/// <summary>An artifact as its store lists it.</summary>
/// <param name="Digest"><c>sha256:</c> and 64 characters of lower-case hex.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Stored">When it was stored, by the clock of the store.</param>
public sealed record StoredArtifact(string Digest, long Bytes, DateTimeOffset Stored);
