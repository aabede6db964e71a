using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The models of a folder in Triton's layout: <c>NAME/VERSION/model.onnx</c>, and beside the versions a <c>config.pbtxt</c> or <c>model.yaml</c>.</summary>
/// <remarks>Thread safe. What it lists is what it read last: when that is depends on <see cref="ModelControl"/>.</remarks>
internal sealed partial class ModelFolder
{
    private const int ModelsMax = 100_000;
    private readonly ModelFolderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelFolder> _logger;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _startNames;
    private readonly HashSet<string> _ignoredNames = new(StringComparer.Ordinal);
    private readonly OverrideFiles _overrideFiles;

    // Of the models whose files came with a call.
    private readonly Dictionary<string, OverrideFolder> _overrides = new(StringComparer.Ordinal);

    // Configurations that came with a call without files, each with the mark of the settings files that it counts instead of.
    private readonly Dictionary<string, (string Text, string Mark)> _configurations = new(StringComparer.Ordinal);
    private SortedDictionary<string, FolderModel> _models = new(StringComparer.Ordinal);
    private IReadOnlyList<CatalogModel>? _listed;
    private long _readTimestamp;
    private bool _hasFailed;

    public ModelFolder(ModelFolderOptions options, TimeProvider time, ILogger<ModelFolder> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        Path = System.IO.Path.GetFullPath(options.Folder!);
        _overrideFiles = new OverrideFiles(options.OverrideFolder, options.OverrideMebibytesMax);
        _startNames = [.. (options.Load ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>Its full path.</summary>
    public string Path { get; }

    public ModelControl Control => _options.Control;

    /// <summary>Whether the setting names it, or an ensemble of which it is a step.</summary>
    public bool IsLoadedAtStart(ModelName model) => _startNames.Contains("*") || _startNames.Contains(model.Name);

    /// <summary>The models as they were read last; they are read now where that is due.</summary>
    /// <param name="isForced">Whether it is due in any case, where the folder is polled.</param>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: at the first reading, there is no such folder, or a model to load at the start is not there.</exception>
    public IReadOnlyList<CatalogModel> List(bool isForced)
    {
        lock (_lock)
        {
            if (_listed is null)
            {
                ReadFirst_NeedsLock();
            }
            else if (Control == ModelControl.Poll && (isForced || _time.GetElapsedTime(_readTimestamp) >= _options.PollInterval))
            {
                ReadAgain_NeedsLock();
            }

            return _listed ??= [.. _models.Values.Select(static model => model.Listed)];
        }
    }

    public bool Has(ModelName model)
    {
        lock (_lock)
        {
            return model.Project == ModelName.DefaultProject && _models.ContainsKey(model.Name);
        }
    }

    /// <summary>The models of an ensemble's steps; none for any other model.</summary>
    public IEnumerable<ModelName> FindSteps(ModelName model)
    {
        lock (_lock)
        {
            return model.Project == ModelName.DefaultProject && _models.TryGetValue(model.Name, out var known) ? [.. known.Steps.Select(static step => step.Model)] : [];
        }
    }

    /// <summary>How many ensembles are within one another, to one more than may be.</summary>
    public int CountLevels(ModelName model)
    {
        var level = 0;
        for (HashSet<ModelName> models = [.. FindSteps(model)]; models.Count > 0 && level <= EnsembleCall.DepthMax; level++)
        {
            models = [.. models.SelectMany(FindSteps)];
        }

        return level;
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.NotFound"/>: the version is gone; <see cref="RegistryError.Refused"/>: it has no model that can be served.</exception>
    public ModelPackage Open(ModelName model, long version)
    {
        FolderModel? known;
        lock (_lock)
        {
            _models.TryGetValue(model.Name, out known);
        }

        return known?.Open(version) ?? throw new RegistryException(RegistryError.NotFound, $"The model folder has no version {version} of '{model.Name}'.");
    }

    /// <summary>Reads one model again, whatever <see cref="Control"/> says.</summary>
    /// <param name="given">What to read instead of what lies there, see <see cref="ModelOverride"/>.</param>
    /// <exception cref="ServingException">The files that are given cannot be taken, see <see cref="OverrideFiles.Write"/>, or are no model. The model stays as it was read.</exception>
    public void Reread(ModelName model, ModelOverride? given)
    {
        if (model.Project != ModelName.DefaultProject)
        {
            return;
        }

        var files = given is { Files.Count: > 0 } ? _overrideFiles.Write(model, given.Files) : null;
        OverrideFolder? before;
        lock (_lock)
        {
            if (_listed is null)
            {
                files?.Delete();
                return;
            }

            var root = files?.Root ?? Path;
            var configuration = files is null ? FindConfiguration_NeedsLock(model.Name, given) : given!.Configuration;
            var read = Directory.Exists(System.IO.Path.Combine(root, model.Name)) ? FolderModel.Read(root, model, configuration) : null;
            if (files is not null && read?.Listed.Problem is { } problem)
            {
                files.Delete();
                throw new ServingException(ServingError.InvalidInput, $"failed to load '{model.Name}': {problem}");
            }

            _overrides.Remove(model.Name, out before);
            if (read is not null)
            {
                _models[model.Name] = read;
            }
            else
            {
                _models.Remove(model.Name);
            }

            if (files is not null)
            {
                _configurations.Remove(model.Name);
                _overrides.Add(model.Name, files);
            }

            _listed = [.. _models.Values.Select(static item => item.Listed)];
        }

        before?.Delete();
    }

    /// <summary>Forgets a configuration that came with a call: the next load takes what lies in the folder.</summary>
    public void ForgetConfiguration(ModelName model)
    {
        lock (_lock)
        {
            if (model.Project == ModelName.DefaultProject)
            {
                _configurations.Remove(model.Name);
            }
        }
    }

    /// <summary>Forgets what came with a call: what lies in the folder counts again.</summary>
    public void DropOverride(ModelName model)
    {
        ForgetConfiguration(model);
        bool hasOverride;
        lock (_lock)
        {
            hasOverride = model.Project == ModelName.DefaultProject && _overrides.ContainsKey(model.Name);
        }

        if (hasOverride)
        {
            Reread(model, given: null);
        }
    }

    /// <summary>Adds the models that were put there since; those that are known stay as they were read.</summary>
    public void FindNew()
    {
        lock (_lock)
        {
            if (_listed is null)
            {
                // The first reading finds all of them, and what is loaded at the start.
                return;
            }

            try
            {
                foreach (var model in FindNames().Where(model => !_models.ContainsKey(model.Name)).ToList())
                {
                    _models[model.Name] = FolderModel.Read(Path, model);
                    _listed = [.. _models.Values.Select(static item => item.Listed)];
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogUnreadable(_logger, exception, Path);
            }
        }
    }

    /// <summary>The configuration that is given, or that was given before while the settings files are what they were then.</summary>
    private string? FindConfiguration_NeedsLock(string name, ModelOverride? given)
    {
        var mark = FolderModel.MarkSettings(Path, name);
        if (given is not null)
        {
            _configurations[name] = (given.Configuration, mark);
            return given.Configuration;
        }

        if (_configurations.TryGetValue(name, out var before) && before.Mark == mark)
        {
            return before.Text;
        }

        _configurations.Remove(name);
        return null;
    }

    private void ReadFirst_NeedsLock()
    {
        try
        {
            _overrideFiles.Clear();
            _models = Read(known: null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"The model folder '{Path}' (setting {ModelFolderOptions.Section}:{nameof(ModelFolderOptions.Folder)}) cannot be read: {exception.Message}", exception);
        }

        _readTimestamp = _time.GetTimestamp();
        if (_startNames.FirstOrDefault(name => name != "*" && !_models.ContainsKey(name)) is { } missing)
        {
            throw new RegistryException(
                RegistryError.InvalidInput,
                $"The model '{missing}', which is to be loaded at the start (setting {ModelFolderOptions.Section}:{nameof(ModelFolderOptions.Load)}), is not in the model folder '{Path}'.");
        }

        // The models of an ensemble's steps start with it.
        var names = new Queue<string>(_startNames);
        while (names.TryDequeue(out var name))
        {
            foreach (var step in _models.TryGetValue(name, out var model) ? model.Steps : [])
            {
                if (_startNames.Add(step.Model.Name))
                {
                    names.Enqueue(step.Model.Name);
                }
            }
        }
    }

    private void ReadAgain_NeedsLock()
    {
        _readTimestamp = _time.GetTimestamp();
        try
        {
            _models = Read(_models);
            _listed = null;
            _hasFailed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is loaded goes on: the folder may be a volume that comes back. Once, not at every poll.
            if (!_hasFailed)
            {
                LogUnreadable(_logger, exception, Path);
                _hasFailed = true;
            }
        }
    }

    private SortedDictionary<string, FolderModel> Read(SortedDictionary<string, FolderModel>? known)
    {
        var models = new SortedDictionary<string, FolderModel>(StringComparer.Ordinal);
        foreach (var model in FindNames())
        {
            var read = FolderModel.Read(Path, model);

            // The same object for the same content, so that those who compare have little to do.
            models[model.Name] = known is not null && known.TryGetValue(model.Name, out var before) && before.IsSame(read) ? before : read;
        }

        return models;
    }

    private IEnumerable<ModelName> FindNames()
    {
        var count = 0;
        foreach (var folder in new DirectoryInfo(Path).EnumerateDirectories())
        {
            if (folder.Name.StartsWith('.'))
            {
                continue;
            }

            if (!ModelName.TryParse(folder.Name, out var model))
            {
                if (_ignoredNames.Add(folder.Name))
                {
                    LogIgnored(_logger, folder.Name, Path);
                }

                continue;
            }

            if (++count > ModelsMax)
            {
                throw new IOException($"The folder holds more than {ModelsMax} models.");
            }

            yield return model;
        }
    }

    [LoggerMessage(1017, LogLevel.Error, "The model folder '{Folder}' cannot be read; the loaded models go on answering")]
    private static partial void LogUnreadable(ILogger logger, Exception exception, string folder);

    [LoggerMessage(1018, LogLevel.Warning, "'{Name}' in the model folder '{Folder}' is no model: expected a name of letters, digits, '.', '_' and '-', at most 128 characters, that does not begin with '.' or '-'")]
    private static partial void LogIgnored(ILogger logger, string name, string folder);
}
