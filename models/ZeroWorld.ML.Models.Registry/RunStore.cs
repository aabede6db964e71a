using Microsoft.EntityFrameworkCore;
using ZeroWorld.ML.Models.Registry.Runs;
using ZeroWorld.ML.Models.Registry.Storage;

namespace ZeroWorld.ML.Models.Registry;

/// <summary>
/// Runs beside the registry, where that is: in PostgreSQL in tables of their own, in SQLite in a file of their own, so that a run that writes often never makes a registration
/// wait; files in the artifact store.
/// </summary>
/// <remarks>Thread safe; several processes may use one data directory.</remarks>
public sealed class RunStore : IRunStore, IDisposable
{
    private readonly RunDatabase _database;
    private readonly IArtifactStore _artifacts;
    private readonly TimeProvider _time;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: the connection string of PostgreSQL is none, or its password file cannot be read.</exception>
    public RunStore(ModelRegistryOptions options, IArtifactStore artifacts, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(artifacts);
        ArgumentNullException.ThrowIfNull(time);
        var place = DatabasePlace.Runs(options);
        _database = new RunDatabase(place.CreateEngine(options, time), place);
        _artifacts = artifacts;
        _time = time;
    }

    /// <summary>The store that the options name, with artifacts in the folder of the data directory.</summary>
    public static RunStore Open(ModelRegistryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RunStore(options, new FolderArtifactStore(options.ArtifactsPath), TimeProvider.System);
    }

    /// <inheritdoc/>
    public async Task<TrainingRun> StartAsync(RunStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        RunBounds.CheckStart(start);
        var now = Now();
        var id = Guid.CreateVersion7(_time.GetUtcNow()).ToString("N");
        await _database.ChangeAsync(
            async context =>
            {
                if (start.Parent is { } parent && !await context.Runs.AnyAsync(row => row.Id == parent, cancellationToken).ConfigureAwait(false))
                {
                    throw NoRun(parent);
                }

                context.Runs.Add(new RunRow
                {
                    Id = id,
                    Project = start.Project,
                    Experiment = start.Experiment,
                    Name = start.Name,
                    Parent = start.Parent,
                    Status = (int)RunStatus.Running,
                    Started = now,
                    LastSeen = now,
                });
                context.Texts.AddRange(ToRows(id, RunTextRow.Parameter, start.Parameters).Concat(ToRows(id, RunTextRow.Tag, start.Tags)));
                return id;
            },
            cancellationToken).ConfigureAwait(false);
        return await GetAsync(start.Project, id, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task AddParametersAsync(string run, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        RunBounds.CheckTexts("parameter", parameters);
        return ChangeAsync(
            run,
            async context =>
            {
                var known = await context.Texts.AsNoTracking().Where(row => row.Run == run && row.Kind == RunTextRow.Parameter)
                    .ToDictionaryAsync(static row => row.Name, static row => row.Value, cancellationToken).ConfigureAwait(false);
                foreach (var (name, value) in parameters)
                {
                    if (known.TryGetValue(name, out var before) && before != value)
                    {
                        throw new RegistryException(
                            RegistryError.Conflict, $"The parameter '{name}' of run {run} is '{before}'; it cannot become '{value}'. Start another run.");
                    }
                }

                context.Texts.AddRange(ToRows(run, RunTextRow.Parameter, parameters.Where(entry => !known.ContainsKey(entry.Key))));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task AddMetricsAsync(string run, IReadOnlyList<RunMetric> metrics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        RunBounds.CheckMetrics(metrics);
        return ChangeAsync(
            run,
            async context =>
            {
                foreach (var metric in metrics)
                {
                    double? value = double.IsNaN(metric.Value) ? null : metric.Value;
                    await context.Database.ExecuteSqlAsync(
                        $"""
                        INSERT INTO run_metrics (run, name, step, value) VALUES ({run}, {metric.Name}, {metric.Step}, {value})
                        ON CONFLICT (run, name, step) DO UPDATE SET value = excluded.value
                        """,
                        cancellationToken).ConfigureAwait(false);
                    await context.Database.ExecuteSqlAsync(
                        $"""
                        INSERT INTO run_latest_metrics (run, name, step, value) VALUES ({run}, {metric.Name}, {metric.Step}, {value})
                        ON CONFLICT (run, name) DO UPDATE SET step = excluded.step, value = excluded.value WHERE excluded.step >= run_latest_metrics.step
                        """,
                        cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task SetTagsAsync(string run, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tags);
        RunBounds.CheckTexts("tag", tags);
        return ChangeAsync(
            run,
            async context =>
            {
                foreach (var (name, value) in tags)
                {
                    await context.Database.ExecuteSqlAsync(
                        $"""
                        INSERT INTO run_texts (run, kind, name, value) VALUES ({run}, {RunTextRow.Tag}, {name}, {value})
                        ON CONFLICT (run, kind, name) DO UPDATE SET value = excluded.value
                        """,
                        cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task SetNoteAsync(string run, string note, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(note);
        RunBounds.CheckNote(note);
        return ChangeAsync(
            run,
            context => context.Runs.Where(row => row.Id == run).ExecuteUpdateAsync(set => set.SetProperty(row => row.Note, note), cancellationToken),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<RunArtifact> AddArtifactAsync(string run, string name, string path, CancellationToken cancellationToken)
    {
        RunBounds.CheckArtifact(name);
        var bytes = new FileInfo(path).Length;
        var digest = await _artifacts.PutAsync(path, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(
            run,
            async context =>
            {
                await context.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO run_artifacts (run, name, digest, bytes) VALUES ({run}, {name}, {digest}, {bytes})
                    ON CONFLICT (run, name) DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes
                    """,
                    cancellationToken).ConfigureAwait(false);

                // Named first, then looked for: what a collection has taken since it was stored is stored once more, and from here on none can take it.
                if (!await _artifacts.ExistsAsync(digest, cancellationToken).ConfigureAwait(false) && await _artifacts.PutAsync(path, cancellationToken).ConfigureAwait(false) != digest)
                {
                    throw new RegistryException(RegistryError.CorruptArtifact, $"The file '{path}' changed while it was stored.");
                }
            },
            cancellationToken).ConfigureAwait(false);
        return new RunArtifact(name, digest, bytes);
    }

    /// <summary>Every digest that an artifact of a run has.</summary>
    internal Task<HashSet<string>> ListDigestsAsync(CancellationToken cancellationToken) => _database.ReadAsync(
        async context => (await context.Artifacts.Select(static row => row.Digest).Distinct().ToListAsync(cancellationToken).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal),
        cancellationToken);

    /// <summary>Does something while no run can name a further artifact, in any process.</summary>
    /// <param name="digests">Of which it must know whether they are named.</param>
    /// <param name="work">Takes those that are; may run several times.</param>
    internal Task<T> ExcludeArtifactsAsync<T>(IReadOnlyCollection<string> digests, Func<IReadOnlySet<string>, Task<T>> work, CancellationToken cancellationToken) => _database.ExcludeAsync(
        RunDbContext.ArtifactTable,
        async context => await work(
            (await context.Artifacts.Where(row => digests.Contains(row.Digest)).Select(static row => row.Digest).ToListAsync(cancellationToken).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal)).ConfigureAwait(false),
        cancellationToken);

    /// <inheritdoc/>
    public Task BeatAsync(string run, CancellationToken cancellationToken) => ChangeAsync(run, static _ => Task.CompletedTask, cancellationToken);

    /// <inheritdoc/>
    public Task FinishAsync(string run, RunStatus status, CancellationToken cancellationToken)
    {
        if (status is not (RunStatus.Finished or RunStatus.Failed or RunStatus.Cancelled or RunStatus.Interrupted))
        {
            throw RunBounds.Invalid($"A run cannot end as {status}; expected Finished, Failed, Cancelled or Interrupted.");
        }

        var now = Now();
        return ChangeAsync(
            run,
            async context =>
            {
                var before = await StatusAsync(context, run, cancellationToken).ConfigureAwait(false);
                if (before == status)
                {
                    return;
                }

                if (before != RunStatus.Running)
                {
                    throw new RegistryException(RegistryError.Conflict, $"Run {run} has ended as {before}; it cannot end as {status}.");
                }

                await context.Runs.Where(row => row.Id == run)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, (int)status).SetProperty(row => row.Ended, now), cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task ResumeAsync(string run, CancellationToken cancellationToken) => ChangeAsync(
        run,
        async context =>
        {
            var before = await StatusAsync(context, run, cancellationToken).ConfigureAwait(false);
            if (before is not (RunStatus.Running or RunStatus.Interrupted))
            {
                throw new RegistryException(RegistryError.Conflict, $"Run {run} has ended as {before}; it cannot be taken up again.");
            }

            await context.Runs.Where(row => row.Id == run)
                .ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Status, (int)RunStatus.Running).SetProperty(static row => row.Ended, (long?)null), cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TrainingRun>> ListAsync(string project, string? experiment, string? parent, int countMax, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(countMax, 10_000);
        return _database.ReadAsync(
            context => RunQueries.ReadAsync(
                context,
                context.Runs.Where(row => row.Project == project && (experiment == null || row.Experiment == experiment) && (parent == null || row.Parent == parent))
                    .OrderByDescending(static row => row.Id).Take(countMax),
                cancellationToken),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<TrainingRun> GetAsync(string project, string id, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        var found = await _database.ReadAsync(
            context => RunQueries.ReadAsync(
                context, context.Runs.Where(row => row.Project == project && row.Id.StartsWith(id)).OrderBy(static row => row.Id).Take(2), cancellationToken),
            cancellationToken).ConfigureAwait(false);
        return found switch
        {
            [var only] => only,
            [] => throw NoRun(id),
            _ => throw new RegistryException(RegistryError.NotFound, $"More than one run begins with '{id}': give more of it."),
        };
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunMetric>> ReadMetricsAsync(string run, CancellationToken cancellationToken) => _database.ReadAsync(
        async context =>
        {
            // Sorted here: databases do not agree on the order of texts.
            var rows = await context.Metrics.AsNoTracking().Where(row => row.Run == run).ToListAsync(cancellationToken).ConfigureAwait(false);
            return (IReadOnlyList<RunMetric>)[.. rows.OrderBy(static row => row.Name, StringComparer.Ordinal).ThenBy(static row => row.Step).Select(static row => new RunMetric(row.Name, row.Step, row.Value ?? double.NaN))];
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task GetArtifactAsync(string run, string name, string path, CancellationToken cancellationToken)
    {
        var digest = await _database.ReadAsync(
            context => context.Artifacts.Where(row => row.Run == run && row.Name == name).Select(static row => row.Digest).SingleOrDefaultAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        await _artifacts.GetAsync(
            digest ?? throw new RegistryException(RegistryError.NotFound, $"Run {run} has no artifact '{name}'."), path, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _database.Dispose();

    // Every change says that the process lives.
    private Task<int> ChangeAsync(string run, Func<RunDbContext, Task> change, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(run);
        var now = Now();
        return _database.ChangeAsync(
            async context =>
            {
                var seen = await context.Runs.Where(row => row.Id == run)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastSeen, now), cancellationToken).ConfigureAwait(false);
                if (seen == 0)
                {
                    throw NoRun(run);
                }

                await change(context).ConfigureAwait(false);
                return seen;
            },
            cancellationToken);
    }

    private static async Task<RunStatus> StatusAsync(RunDbContext context, string run, CancellationToken cancellationToken) =>
        (RunStatus)await context.Runs.Where(row => row.Id == run).Select(static row => row.Status).SingleAsync(cancellationToken).ConfigureAwait(false);

    private static IEnumerable<RunTextRow> ToRows(string run, string kind, IEnumerable<KeyValuePair<string, string>> texts) =>
        texts.Select(entry => new RunTextRow { Run = run, Kind = kind, Name = entry.Key, Value = entry.Value });

    private long Now() => RegistryTime.ToMicroseconds(_time.GetUtcNow());

    private static RegistryException NoRun(string run) => new(RegistryError.NotFound, $"There is no run '{run}'.");
}
