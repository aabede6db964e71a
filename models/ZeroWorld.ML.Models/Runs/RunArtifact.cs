namespace ZeroWorld.ML.Models;

/// <summary>A file of a run in the artifact store.</summary>
/// <param name="Name">Relative path with forward slashes.</param>
/// <param name="Digest"><c>sha256:</c> and 64 characters of lower-case hex.</param>
/// <param name="Bytes">Length.</param>
public sealed record RunArtifact(string Name, string Digest, long Bytes);
