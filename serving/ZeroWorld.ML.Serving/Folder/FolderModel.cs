using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One model of a model folder, as it was when it was read.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class FolderModel
{
    public const string PbConfigFile = "config.pbtxt";
    public const string YamlConfigFile = "model.yaml";
    private const int VersionsMax = 10_000;
    private readonly Dictionary<long, FolderVersion> _versions;
    private readonly FolderModelConfig _config;

    private FolderModel(ModelName model, FolderModelConfig config, Dictionary<long, FolderVersion> versions, string? problem)
    {
        Debug.Assert(config.LabelFiles.Count == config.Settings.Labels.Count || problem is not null);
        _config = config;
        _versions = versions;
        long[] order = [.. versions.Keys.Order()];
        Listed = new CatalogModel(
            model,
            [.. order.Select(version => new CatalogVersion(version, versions[version].Digest, versions[version].ChangedTime))],
            new Dictionary<string, long>())
        {
            Offered = problem is null ? config.Versions.Choose(order) : [],
            Problem = problem,
        };
    }

    /// <summary>The model as catalogs show it.</summary>
    public CatalogModel Listed { get; }

    /// <summary>The steps of an ensemble; none for any other model.</summary>
    public IReadOnlyList<EnsembleStep> Steps => _config.Settings.Steps;

    /// <summary>Reads the configuration and looks for versions; loads nothing. What is wrong is in <see cref="CatalogModel.Problem"/>.</summary>
    /// <param name="configuration">JSON to use instead of the configuration that lies there; <see langword="null"/>: what lies there.</param>
    public static FolderModel Read(string root, ModelName model, string? configuration = null)
    {
        var folder = Path.Combine(root, model.Name);
        try
        {
            if (LinkGuard.FindEscape(root, folder) is { } escape)
            {
                throw new InvalidDataException(escape);
            }

            var (config, configDigest) = configuration is null ? ReadConfig(root, folder, model) : ReadOverride(model, configuration);
            if (config.LabelFiles.Count > 0)
            {
                // What the labels say is part of what a version answers.
                var labels = config.LabelFiles.ToDictionary(static pair => pair.Key, pair => LabelFile.Read(root, folder, pair.Value), StringComparer.Ordinal);
                config = config with { Settings = config.Settings with { Labels = labels } };
                configDigest = Digest($"{configDigest}\n{string.Join('\n', labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).SelectMany(static pair => pair.Value.Prepend(pair.Key)))}");
            }

            config = config with { Settings = config.Settings with { WarmupSamples = DataFiles.Find(root, folder, config.Settings.WarmupSamples) } };
            if (config.Settings.Sequences is { } sequences && sequences.States.Any(static state => state.InitialFile is not null))
            {
                // So is what a sequence begins with.
                sequences = sequences with { States = DataFiles.Find(root, folder, sequences.States) };
                config = config with { Settings = config.Settings with { Sequences = sequences } };
                configDigest = Digest($"{configDigest}\n{string.Join('\n', sequences.States.Select(static state => state.InitialFile is { } file ? DataFiles.Digest(file) : ""))}");
            }

            var versions = FindVersions(root, folder, model, config, configDigest);
            var problem = config.Versions.FindProblem([.. versions.Keys.Order()]);
            return new FolderModel(model, config, versions, problem is null ? null : $"The model '{model.Name}' cannot be served: {problem}.");
        }
        catch (Exception exception) when (exception is ModelConfigException or InvalidDataException)
        {
            return new FolderModel(model, FolderModelConfig.Default, [], $"The model '{model.Name}' cannot be served: {exception.Message}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FolderModel(model, FolderModelConfig.Default, [], $"The model '{model.Name}' cannot be read: {exception.Message}");
        }
    }

    /// <summary>A text that is another one when a settings file of the model was changed, added or removed.</summary>
    public static string MarkSettings(string root, string name) => string.Join(
        '\n',
        new[] { PbConfigFile, YamlConfigFile }.Select(file => new FileInfo(Path.Combine(root, name, file))).Where(static file => file.Exists)
            .Select(static file => string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}")));

    public bool IsSame(FolderModel other) =>
        Listed.Problem == other.Listed.Problem && Listed.Offered!.SequenceEqual(other.Listed.Offered!)
        && Listed.Versions.Select(static version => (version.Version, version.Digest)).SequenceEqual(other.Listed.Versions.Select(static version => (version.Version, version.Digest)));

    /// <returns><see langword="null"/> when there is no such version.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.Refused"/>.</exception>
    public ModelPackage? Open(long version)
    {
        if (!_versions.TryGetValue(version, out var found))
        {
            return null;
        }

        if (found.Problem is not null)
        {
            throw new RegistryException(RegistryError.Refused, found.Problem);
        }

        var manifest = new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Project = Listed.Model.Project,
            Name = Listed.Model.Name,
            Runtime = found.Runtime,
            Files = found.Files.ToDictionary(static file => file.Path, static file => new PackageFile("", file.Bytes), StringComparer.Ordinal),
            ModelFile = found.ModelFile,
            Inputs = [],
            Outputs = [],
            Golden = null,
            Lineage = new ModelLineage { CreatedTime = found.ChangedTime },
        };
        return new ModelPackage(found.Folder, manifest, found.Digest) { Settings = _config.Settings };
    }

    /// <exception cref="ModelConfigException">The text is no configuration of this model.</exception>
    public static (FolderModelConfig Config, string Digest) ReadOverride(ModelName model, string configuration)
    {
        var config = JsonConfigReader.Read(configuration);
        return config.Name is { Length: > 0 } said && said != model.Name
            ? throw new ModelConfigException(1, 1, $"'name' is '{said}'; expected '{model.Name}', or none")
            : (config, Digest(configuration));
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static (FolderModelConfig Config, string Digest) ReadConfig(string root, string folder, ModelName model)
    {
        var files = new[] { PbConfigFile, YamlConfigFile }.Select(name => Path.Combine(folder, name)).Where(File.Exists).ToList();
        if (files.Count == 0)
        {
            return (FolderModelConfig.Default, "");
        }

        var name = Path.GetFileName(files[0]);
        if (files.Count > 1)
        {
            throw new InvalidDataException($"it has both {PbConfigFile} and {YamlConfigFile}; expected one of them");
        }

        if (LinkGuard.FindEscape(root, files[0]) is { } escape)
        {
            throw new InvalidDataException(escape);
        }

        if (new FileInfo(files[0]).Length > PbTextReader.LengthMax)
        {
            throw new InvalidDataException($"{name} has more than {PbTextReader.LengthMax} bytes");
        }

        var text = File.ReadAllText(files[0]);
        try
        {
            var config = name == PbConfigFile ? PbConfigReader.Read(text) : YamlConfigReader.Read(text);
            if (config.Name is { Length: > 0 } said && said != model.Name)
            {
                throw new ModelConfigException(1, 1, $"'name' is '{said}'; expected the name of the folder, '{model.Name}', or none");
            }

            return (config, Digest(text));
        }
        catch (ModelConfigException exception)
        {
            throw new InvalidDataException($"{name}:{exception.Message}", exception);
        }
    }

    private static Dictionary<long, FolderVersion> FindVersions(string root, string folder, ModelName model, FolderModelConfig config, string configDigest)
    {
        var versions = new Dictionary<long, FolderVersion>();
        foreach (var entry in new DirectoryInfo(folder).EnumerateDirectories())
        {
            // As in Triton, what is not a number, or begins with 0, is no version.
            if (entry.Name[0] == '0' || !long.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var version) || version < 1)
            {
                continue;
            }

            if (versions.Count == VersionsMax)
            {
                throw new InvalidDataException($"it has more than {VersionsMax} versions");
            }

            versions[version] = FolderVersion.Read(root, entry.FullName, model, version, config, configDigest);
        }

        return versions;
    }
}
