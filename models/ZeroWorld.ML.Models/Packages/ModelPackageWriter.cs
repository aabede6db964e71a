using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>Makes a package of a folder that holds a model.</summary>
public static class ModelPackageWriter
{
    private const string GoldenFile = "golden.json";
    private const string ReferenceFile = "reference.json";

    /// <summary>Writes golden.json, reference.json and, last, manifest.json with the digest of every file: the folder is a package when the manifest is there.</summary>
    /// <remarks>
    /// The manifest is canonical: the same content and files give the same bytes, and so the same package digest. An ONNX model must have the declared tensors.
    /// A manifest that lies in the folder already is replaced. Nothing is written when the content is refused.
    /// </remarks>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>; the message lists everything that is wrong.</exception>
    public static async Task<ModelPackage> WriteAsync(string folder, ModelPackageContent content, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(content);

        var written = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [GoldenFile] = PackageJson.Write(new GoldenFile([.. content.GoldenSamples.Select(Sort)])),
        };
        if (content.Reference is { } reference)
        {
            written[ReferenceFile] = PackageJson.Write(new ReferenceDistributions(Sort(reference.Features), Sort(reference.Outputs)));
        }

        var manifest = ToManifest(content, await DigestAsync(folder, content, written, cancellationToken).ConfigureAwait(false));
        ManifestValidation.Check(manifest);
        GoldenSamples.Check(content.GoldenSamples, manifest.GetSignature(), GoldenFile);
        if (content.Reference?.FindProblem() is { } problem)
        {
            throw Invalid($"{ReferenceFile} is not valid: {problem}.");
        }

        if (manifest.Runtime == "onnx")
        {
            CheckSignature(folder, manifest);
        }

        // 1. No manifest: no package. 2. Its files. 3. The manifest.
        var bytes = PackageJson.Write(manifest);
        var manifestPath = Path.Combine(folder, ModelPackage.ManifestFile);
        File.Delete(manifestPath);
        foreach (var (path, file) in written)
        {
            AtomicFile.Write(Path.Combine(folder, path), file);
        }

        AtomicFile.Write(manifestPath, bytes);
        return new ModelPackage(Path.GetFullPath(folder), manifest, ArtifactDigest.OfBytes(bytes));
    }

    private static async Task<SortedDictionary<string, PackageFile>> DigestAsync(
        string folder, ModelPackageContent content, SortedDictionary<string, byte[]> written, CancellationToken cancellationToken)
    {
        var files = new SortedDictionary<string, PackageFile>(StringComparer.Ordinal);
        foreach (var (path, bytes) in written)
        {
            files[path] = new PackageFile(ArtifactDigest.OfBytes(bytes), bytes.Length);
        }

        var external = content.Runtime == "onnx" && PackagePath.IsValid(content.ModelFile)
            ? OnnxModelReader.Read(PackagePath.Combine(folder, content.ModelFile)).ExternalFiles
            : [];
        foreach (var path in content.FurtherFiles.Append(content.ModelFile).Concat(external))
        {
            if (!PackagePath.IsValid(path) || path == ModelPackage.ManifestFile || written.ContainsKey(path))
            {
                throw Invalid($"'{path}' cannot be a file of a package; expected {PackagePath.Expected}, and none of {ModelPackage.ManifestFile}, {GoldenFile}, {ReferenceFile}.");
            }

            if (PackagePath.FindProblem(folder, path) is { } problem)
            {
                throw Invalid($"The file '{path}' of the package {problem}.");
            }

            var fullPath = PackagePath.Combine(folder, path);
            files[path] = new PackageFile(
                await ArtifactDigest.OfFileAsync(fullPath, cancellationToken).ConfigureAwait(false), new FileInfo(fullPath).Length);
        }

        return files;
    }

    private static void CheckSignature(string folder, ModelManifest manifest)
    {
        var model = OnnxModelReader.Read(PackagePath.Combine(folder, manifest.ModelFile));
        var differences = manifest.GetSignature().FindDifferences(model.GetSignature());
        if (differences.Count > 0)
        {
            throw Invalid($"The manifest does not fit the file '{manifest.ModelFile}': {string.Join("; ", differences)}.");
        }
    }

    private static ModelManifest ToManifest(ModelPackageContent content, SortedDictionary<string, PackageFile> files) => new()
    {
        Format = ModelManifest.CurrentFormat,
        Project = content.Model.Project,
        Name = content.Model.Name,
        Runtime = content.Runtime,
        Files = files,
        ModelFile = content.ModelFile,
        FeatureService = content.FeatureService,
        Inputs = content.Inputs,
        Outputs = content.Outputs,
        Classes = content.Classes,
        Thresholds = content.Thresholds,
        Golden = new GoldenReference(GoldenFile, content.GoldenAbsoluteTolerance, content.GoldenRelativeTolerance),
        Reference = content.Reference is null ? null : ReferenceFile,
        Metrics = Sort(content.Metrics),
        Lineage = content.Lineage with { Packages = Sort(content.Lineage.Packages), Parameters = Sort(content.Lineage.Parameters) },
    };

    private static GoldenSample Sort(GoldenSample sample) => new(Sort(sample.Inputs), Sort(sample.Outputs));

    private static SortedDictionary<string, T> Sort<T>(IReadOnlyDictionary<string, T> values) => new(values.ToDictionary(), StringComparer.Ordinal);

    private static RegistryException Invalid(string message) => new(RegistryError.InvalidInput, message);
}
