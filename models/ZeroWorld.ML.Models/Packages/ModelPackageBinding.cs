namespace ZeroWorld.ML.Models;

/// <summary>Makes a package that is called with tensors into one that reads a feature service: the same model, files and golden samples, other inputs in the manifest.</summary>
public static class ModelPackageBinding
{
    /// <summary>Copies a package and binds its inputs to features.</summary>
    /// <param name="source">A package; it stays as it is.</param>
    /// <param name="folder">A new or empty folder.</param>
    /// <param name="service">The service by name and fingerprint.</param>
    /// <param name="inputs">For every input of the package, by tensor: features, layout, fill and same length. Dtype and shape are those of the package.</param>
    /// <exception cref="RegistryException">
    /// <see cref="RegistryError.InvalidInput"/>: the folder is not empty, an input is missing or unknown, or the new manifest is not valid; the message lists everything.
    /// </exception>
    public static async Task<ModelPackage> BindAsync(
        ModelPackage source, string folder, FeatureServiceReference service, IReadOnlyList<ManifestInput> inputs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(inputs);
        if (!NewPackageFolder.IsFree(folder))
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The folder '{folder}' is not empty; expected a new or an empty one.");
        }

        var manifest = source.Manifest with { FeatureService = service, Inputs = [.. source.Manifest.Inputs.Select(input => Bind(input, inputs))] };
        if (inputs.FirstOrDefault(bound => source.Manifest.Inputs.All(input => input.Tensor != bound.Tensor)) is { } unknown)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The package has no input '{unknown.Tensor}'; expected {Names(source.Manifest.Inputs)}.");
        }

        ManifestValidation.Check(manifest);
        using var made = new NewPackageFolder(folder);
        foreach (var path in manifest.Files.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = PackagePath.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(PackagePath.Combine(source.Directory, path), target);
        }

        // Last: a folder without a manifest is no package. Opened again, since files are checked against their digests there.
        AtomicFile.Write(Path.Combine(folder, ModelPackage.ManifestFile), PackageJson.Write(manifest));
        var package = await ModelPackageReader.OpenAsync(folder, cancellationToken).ConfigureAwait(false);
        made.Keep();
        return package;
    }

    private static ManifestInput Bind(ManifestInput input, IReadOnlyList<ManifestInput> inputs) => inputs.FirstOrDefault(bound => bound.Tensor == input.Tensor) is { } bound
        ? bound with { Dtype = input.Dtype, Shape = input.Shape }
        : throw new RegistryException(RegistryError.InvalidInput, $"The input '{input.Tensor}' is not bound; expected features for {Names([input])}.");

    private static string Names(IReadOnlyList<ManifestInput> inputs) =>
        string.Join(", ", inputs.Select(static input => $"'{input.Tensor}' ({input.Dtype} [{string.Join(",", input.Shape)}])"));
}
