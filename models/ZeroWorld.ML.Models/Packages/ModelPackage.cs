namespace ZeroWorld.ML.Models;

/// <summary>A model package in a folder: manifest.json and the files it names.</summary>
/// <param name="Directory">Where the files are.</param>
/// <param name="Manifest">The manifest as it was read.</param>
/// <param name="Digest">Identity: <c>sha256:</c> and hex of the manifest's bytes.</param>
public sealed record ModelPackage(string Directory, ModelManifest Manifest, string Digest)
{
    public const string ManifestFile = "manifest.json";

    /// <summary>How it is served, as whoever runs the server wrote it down beside the model. Not part of the package.</summary>
    public ModelSettings Settings { get; init; } = ModelSettings.Default;

    /// <summary>Full path of the file that the runtime loads.</summary>
    public string ModelPath => Path.Combine(Directory, Manifest.ModelFile);
}
