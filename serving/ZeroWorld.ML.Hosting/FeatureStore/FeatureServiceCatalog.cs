using System.Collections.Concurrent;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Registered definitions, compiled: what requests and models read. Follows the registry of definitions as it is applied.</summary>
/// <remarks>Thread safe. Holds one set per project; it is read again when the project's definitions were applied anew.</remarks>
public sealed class FeatureServiceCatalog(DefinitionRegistry registry, IOfflineStore offline, DataDirectory directory) : IFeatureServiceProvider
{
    /// <summary>Selections of features by name that are kept compiled, per project.</summary>
    private const int SelectionsMax = 256;

    private readonly ConcurrentDictionary<string, ProjectDefinitions> _projects = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask<FeatureServicePlan?> FindAsync(string project, string name, string fingerprint, CancellationToken cancellationToken)
    {
        var definitions = Find(project);
        return definitions is null || !definitions.Set.Services.Any(service => service.Name == name)
            ? null
            : await CompileAsync(definitions, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A feature service that is registered now.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>: no such project or service.</exception>
    public ValueTask<FeatureServicePlan> GetAsync(string project, string name, CancellationToken cancellationToken)
    {
        var definitions = Get(project);
        return definitions.Plans.TryGetValue(name, out var plan) ? ValueTask.FromResult(plan) : CompileAsync(definitions, name, cancellationToken);
    }

    /// <summary>Features by name, as a service made of them (<see cref="FeatureSelection"/>).</summary>
    /// <exception cref="FeatureException">As <see cref="FeatureSelection.Of"/>; <see cref="FeatureError.NotFound"/>: no such project.</exception>
    public async ValueTask<FeatureServicePlan> GetAsync(string project, IReadOnlyList<string> features, CancellationToken cancellationToken)
    {
        var definitions = Get(project);
        var key = string.Join('\n', features);
        if (definitions.Selections.TryGetValue(key, out var known))
        {
            return known;
        }

        var (plan, isLast) = await CompileAsync(FeatureSelection.Of(definitions.Set, features), cancellationToken).ConfigureAwait(false);
        if (!isLast)
        {
            return plan;
        }

        // Callers that make up ever new selections do not fill the memory; a plan is made again in less than a millisecond.
        if (definitions.Selections.Count >= SelectionsMax)
        {
            definitions.Selections.Clear();
        }

        return definitions.Selections.GetOrAdd(key, plan);
    }

    /// <summary>The definitions of a project that are registered now.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>.</exception>
    public DefinitionSet GetDefinitions(string project) => Get(project).Set;

    /// <summary>The stored forms of all views of a project, or of those that read one table.</summary>
    /// <param name="project">The project.</param>
    /// <param name="table">The source table; <see langword="null"/>: all.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>: no such project, or no view reads the table.</exception>
    public async Task<IReadOnlyList<StorageField>> GetFieldsAsync(string project, string? table, CancellationToken cancellationToken)
    {
        var set = Get(project).Set;
        var fields = new List<StorageField>();
        foreach (var view in set.Views.Where(view => table is null || view.Source.Table == table))
        {
            fields.Add(StorageField.Of(view, await HasIntegerEventIdAsync(view, cancellationToken).ConfigureAwait(false) ?? true));
        }

        return fields.Count > 0 || table is null
            ? fields
            : throw new FeatureException(
                FeatureError.NotFound,
                $"No view of project '{project}' reads the table '{table}'. Tables that are read: {Names(set.Views.Select(static view => view.Source.Table))}.");
    }

    private async ValueTask<FeatureServicePlan> CompileAsync(ProjectDefinitions definitions, string name, CancellationToken cancellationToken)
    {
        var (plan, isLast) = await CompileAsync(definitions.Set.GetService(name), cancellationToken).ConfigureAwait(false);
        if (isLast)
        {
            definitions.Plans[name] = plan;
        }

        return plan;
    }

    /// <returns>The plan, and whether it is the last word: a table that is not there yet may come with another type of id.</returns>
    private async ValueTask<(FeatureServicePlan Plan, bool IsLast)> CompileAsync(FeatureService service, CancellationToken cancellationToken)
    {
        var ids = new Dictionary<string, bool?>(StringComparer.Ordinal);
        foreach (var view in service.Columns.Select(static column => column.View).OfType<FeatureView>().DistinctBy(static view => view.Name))
        {
            ids[view.Name] = await HasIntegerEventIdAsync(view, cancellationToken).ConfigureAwait(false);
        }

        return (new FeatureServicePlan(service, view => ids[view.Name] ?? true), ids.Values.All(static known => known is not null));
    }

    /// <returns><see langword="null"/> when the source table is not there: an int64 id is assumed until it is.</returns>
    private async Task<bool?> HasIntegerEventIdAsync(FeatureView view, CancellationToken cancellationToken)
    {
        if (view.Source.EventIdColumn is not { } id || view is not WindowedView)
        {
            return false;
        }

        // A stream says what its ids are, whether its table is there or not.
        if (view.Source.Stream is { } stream)
        {
            return stream.HasIntegerColumn(id);
        }

        try
        {
            var columns = await offline.DescribeTableAsync(view.Project, view.Source.Table, cancellationToken).ConfigureAwait(false);
            return columns.FirstOrDefault(column => column.Name == id)?.Type == FeatureType.Int64;
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.NotFound)
        {
            return null;
        }
    }

    private ProjectDefinitions Get(string project) => Find(project) ?? throw new FeatureException(
        FeatureError.NotFound, $"Project '{project}' has no definitions. Projects that have: {Names(registry.ListProjects())}.");

    private ProjectDefinitions? Find(string project)
    {
        // The time of the file is the sign of a new application; a file replaced within the clock's resolution has another length or is equal.
        var file = new FileInfo(Path.Combine(directory.Definitions, $"{project}.json"));
        var stamp = file.Exists ? (file.LastWriteTimeUtc.Ticks, file.Length) : (0, 0);
        if (_projects.TryGetValue(project, out var known) && known.Stamp == stamp)
        {
            return known;
        }

        if (registry.Find(project) is not { } set)
        {
            _projects.TryRemove(project, out _);
            return null;
        }

        var fresh = new ProjectDefinitions(
            stamp,
            set,
            new ConcurrentDictionary<string, FeatureServicePlan>(StringComparer.Ordinal),
            new ConcurrentDictionary<string, FeatureServicePlan>(StringComparer.Ordinal));
        _projects[project] = fresh;
        return fresh;
    }

    private static string Names(IEnumerable<string> names) =>
        string.Join(", ", names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) is { Length: > 0 } text ? text : "none";

    private sealed record ProjectDefinitions(
        (long Ticks, long Length) Stamp,
        DefinitionSet Set,
        ConcurrentDictionary<string, FeatureServicePlan> Plans,
        ConcurrentDictionary<string, FeatureServicePlan> Selections);
}
