using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>The registered definitions of each project, on disk: <c>definitions/PROJECT.json</c> under the data directory.</summary>
/// <remarks>
/// A file holds the texts that were applied and is replaced as a whole, so that readers see either the old definitions or the new ones.
/// Thread safety: reads may run at any time; the owner of the data directory's writer lock calls <see cref="Apply"/>, one at a time.
/// </remarks>
public sealed class DefinitionRegistry
{
    private const int Format = 1;

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly string _folder;
    private readonly TimeProvider _time;

    /// <param name="dataDirectory">The data directory; it need not exist yet.</param>
    public DefinitionRegistry(string dataDirectory, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        ArgumentNullException.ThrowIfNull(time);
        _folder = Path.Combine(dataDirectory, "definitions");
        _time = time;
    }

    /// <summary>Projects with registered definitions, by name.</summary>
    public IReadOnlyList<string> ListProjects() => !Directory.Exists(_folder)
        ? []
        : [.. Directory.EnumerateFiles(_folder, "*.json").Select(Path.GetFileNameWithoutExtension).OfType<string>().Where(DefinitionNames.IsName).Order(StringComparer.Ordinal)];

    /// <returns>The registered definitions, or <see langword="null"/> when the project has none.</returns>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.CorruptData"/>: the stored file is not what it should be. <see cref="FeatureError.InvalidDefinition"/>: its texts do not load any more.
    /// </exception>
    public DefinitionSet? Find(string project)
    {
        var path = PathOf(project);
        if (!File.Exists(path))
        {
            return null;
        }

        StoredDefinitions? stored;
        try
        {
            stored = JsonSerializer.Deserialize<StoredDefinitions>(File.ReadAllBytes(path), JsonOptions);
        }
        catch (JsonException exception)
        {
            throw Corrupt(path, $"it is no such JSON ({exception.Message})", exception);
        }

        if (stored is not { Format: Format, Files: { Count: > 0 } files } || files.Any(static file => file?.Path is null || file.Text is null))
        {
            throw Corrupt(path, $"it is not of format {Format} or holds no texts", null);
        }

        var set = DefinitionLoader.Load(files);
        return set.Project == project ? set : throw Corrupt(path, $"its texts define project '{set.Project}'", null);
    }

    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/> when the project has no definitions; else as <see cref="Find"/>.</exception>
    public DefinitionSet Get(string project) => Find(project) ?? throw new FeatureException(
        FeatureError.NotFound, $"Project '{project}' has no definitions. Projects that have: {(ListProjects() is { Count: > 0 } names ? string.Join(", ", names) : "none")}.");

    /// <summary>What <see cref="Apply"/> would do.</summary>
    /// <exception cref="FeatureException">As <see cref="Find"/>.</exception>
    public DefinitionPlan Plan(DefinitionSet definitions)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        return DefinitionPlan.Between(Find(definitions.Project), definitions);
    }

    /// <summary>Makes these the definitions of their project, in one step.</summary>
    /// <param name="definitions">Definitions that came from <see cref="DefinitionLoader"/>.</param>
    /// <param name="pins">The feature services of this project that registered models were trained with.</param>
    /// <returns>What changed.</returns>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.Incompatible"/>: a pinned service would change or go; one sentence per model version, and nothing is written.
    /// <see cref="FeatureError.StoreUnavailable"/>: the file cannot be written, as on a full disk; the definitions stay as they were. Else as <see cref="Find"/>.
    /// </exception>
    public DefinitionPlan Apply(DefinitionSet definitions, IReadOnlyList<PinnedService> pins)
    {
        var plan = Plan(definitions);
        if (plan.FindBreaches(pins) is { Count: > 0 } breaches)
        {
            throw new FeatureException(FeatureError.Incompatible, string.Join('\n', breaches));
        }

        if (definitions.Files.Count == 0)
        {
            throw new ArgumentException("Definitions made in memory have no texts to store; expected those of DefinitionLoader.", nameof(definitions));
        }

        Write(definitions);
        return plan;
    }

    private void Write(DefinitionSet definitions)
    {
        var path = PathOf(definitions.Project);
        var temporary = path + ".tmp";
        try
        {
            Directory.CreateDirectory(_folder);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                JsonSerializer.Serialize(stream, new StoredDefinitions(Format, definitions.Project, _time.GetUtcNow(), definitions.Files), JsonOptions);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Discard(temporary);
            throw new FeatureException(
                FeatureError.StoreUnavailable, $"The definitions of project '{definitions.Project}' cannot be stored: {exception.Message.TrimEnd('.')}. They stay as they were; apply them again when it can be written.", exception);
        }
    }

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody reads it, and the next one is written over it.
        }
    }

    private string PathOf(string project) => DefinitionNames.IsName(project)
        ? Path.Combine(_folder, project + ".json")
        : throw new FeatureException(
            FeatureError.InvalidInput, $"Project '{project}' is no name; expected a lower-case letter, then lower-case letters, digits and '_', at most 64 characters.");

    private static FeatureException Corrupt(string path, string why, Exception? inner) => new(
        FeatureError.CorruptData, $"'{path}' does not hold registered definitions: {why}; expected what 'zwml apply' writes. Apply the definitions again.", inner);

    private sealed record StoredDefinitions(int Format, string Project, DateTimeOffset AppliedAt, IReadOnlyList<DefinitionFile> Files);
}
