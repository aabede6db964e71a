using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The offline store: Parquet files in a folder, DuckDB in process as their engine.</summary>
/// <remarks>
/// Thread safe: every operation has an engine of its own (after a history was read the next one is open already), bounded by <see cref="ParquetOfflineOptions.MemoryLimitMiB"/>, that spills into the data
/// directory. Tables and training sets are written under a temporary name and renamed when they are complete.
/// </remarks>
public sealed partial class DuckDbOfflineStore : IOfflineStore
{
    // Builds of a training set whose files are replaced meanwhile.
    private const int AttemptsMax = 3;

    private readonly ParquetOfflineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DuckDbOfflineStore> _logger;
    private readonly TableFolder _tables;
    private readonly ErasureList _erasures;
    private readonly SpareEngine _spare = new();
    private readonly NullKeyNotices _nullKeys;

    /// <param name="options">Valid options.</param>
    public DuckDbOfflineStore(ParquetOfflineOptions options, TimeProvider time, ILogger<DuckDbOfflineStore> logger)
        : this(options, new ErasureList((options ?? throw new ArgumentNullException(nameof(options))).DataDirectory), new NullKeyNotices(), time, logger)
    {
    }

    /// <summary>A store whose tables lie elsewhere than the list of deletions, one of several for the same tables.</summary>
    internal DuckDbOfflineStore(ParquetOfflineOptions options, ErasureList erasures, NullKeyNotices nullKeys, TimeProvider time, ILogger<DuckDbOfflineStore> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _tables = new TableFolder(options.DataDirectory);
        _erasures = erasures;
        _nullKeys = nullKeys;
        if (SpillFolder.Sweep(options.SpillParent, time.GetUtcNow()) is > 0 and var swept)
        {
            LogSwept(swept, options.SpillParent);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OfflineColumn>> DescribeTableAsync(string project, string table, CancellationToken cancellationToken)
    {
        var files = _tables.FilesOf(project, table);
        return RunAsync<IReadOnlyList<OfflineColumn>>(
            session =>
            [
                .. TableFiles.Open(session, files, cancellationToken).Types
                    .Select(static column => (column.Key, Type: ColumnTypes.FeatureTypeOf(column.Value)))
                    .Where(static column => column.Type is not null)
                    .Select(static column => new OfflineColumn(column.Key, column.Type!.Value)),
            ],
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> FindMisfitsAsync(IReadOnlyList<FeatureView> views, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(views);
        var tables = views.GroupBy(static view => (view.Project, view.Source.Table))
            .Select(group => (Views: group.ToList(), Files: _tables.TryFilesOf(group.Key.Project, group.Key.Table)))
            .Where(static table => table.Files is not null).ToList();
        return tables.Count == 0
            ? Task.FromResult<IReadOnlyList<string>>([])
            : RunAsync<IReadOnlyList<string>>(
                session => [.. tables.SelectMany(table => TableFit.FindMisfits(TableFiles.Open(session, table.Files!, cancellationToken), table.Views))], cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IViewHistory> OpenHistoryAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        var history = await Task.Run(
            () => ViewHistory.Open(
                _options, _spare, _tables, _erasures.Of(field.View.Project), field, Warn, WarnOfNullKeys, cancellationToken),
            cancellationToken).ConfigureAwait(false);
        Warn(history.Extent.Quality);
        return history;
    }

    /// <inheritdoc/>
    public async Task<TableSummary> ImportAsync(TableImport import, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(import);
        var started = _time.GetTimestamp();
        var summary = await RunAsync(session => TableImporter.Run(session, _tables, import, _time, cancellationToken), cancellationToken).ConfigureAwait(false);
        Warn(summary.Quality);
        foreach (var keys in summary.NullKeys)
        {
            LogNullKeys(import.Table, keys.Rows, string.Join(", ", keys.Columns), $"row {keys.First} of file '{import.Path}'");
        }

        LogImported(import.Project, import.Table, summary.Rows, _time.GetElapsedTime(started).TotalSeconds);
        return summary;
    }

    /// <inheritdoc/>
    public async Task<TrainingSet> BuildTrainingSetAsync(TrainingSetRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var started = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var stamps = new FileStamps();
            try
            {
                var set = await RunAsync(
                    session => Build(session, request, stamps, progress, cancellationToken),
                    () => new DuckDbSession(_options, _options.JoinMiB, _options.ThreadCount), cancellationToken).ConfigureAwait(false);
                LogTrainingSet(request.Plan.Service.Name, set.Rows, _time.GetElapsedTime(started).TotalSeconds);
                return set;
            }
            catch (FeatureException) when (attempt < AttemptsMax && stamps.FindChanged() is not null)
            {
                // Whatever the scan stumbled over may be the file's going: the new one is read from the start.
                LogReplaced(request.Plan.Service.Name, stamps.FindChanged() ?? string.Empty);
            }
        }
    }

    /// <inheritdoc/>
    public Task<ColumnFrame> LoadAsync(string path, IReadOnlyList<string> columns, TimeFilter? filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        var file = _tables.Find(path);
        return RunAsync(session => FrameLoader.Load(session, file, columns, filter, cancellationToken), cancellationToken);
    }

    private TrainingSet Build(DuckDbSession session, TrainingSetRequest request, FileStamps stamps, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        stamps.Add(_tables.FilesOfSpine(request.Plan.Service.Project, request.Spine));
        var spine = SpineTable.Create(session, _tables, request, _options.SliceRows, cancellationToken);
        var sources = new List<SourceQuery>();
        var files = new Dictionary<string, TableFiles>(StringComparer.Ordinal);
        var extents = new Dictionary<FeatureView, SourceExtent>();
        foreach (var plan in request.Plan.Views)
        {
            SourceQuery.CheckHistory(plan.View);
            if (!files.TryGetValue(plan.View.Source.Table, out var table))
            {
                var names = _tables.FilesOf(plan.View.Project, plan.View.Source.Table);
                stamps.Add(names);
                table = TableFiles.Open(session, names, cancellationToken);
                files.Add(plan.View.Source.Table, table);
            }

            var source = SourceQuery.Create(table, plan.View);
            source.CheckField(plan.Field);
            sources.Add(source);
            if (!source.HasCreatedTime)
            {
                LogNoCreatedTime(plan.View.Name, plan.View.Source.Table);
            }

            // Last-value views count for themselves, while they are searched.
            if (plan.Field.IsWindow)
            {
                extents[plan.View] = source.Inspect(session, cancellationToken);
            }
        }

        // Told once of views that read the same columns.
        foreach (var table in sources.GroupBy(static source => source.Table))
        {
            WarnAbsences(table.Key, [.. table.SelectMany(static source => source.Absences).Distinct()]);
        }

        var builder = new TrainingSetBuilder(session, request, spine, sources, _erasures.Of(request.Plan.Service.Project), _options, progress) { Stamps = stamps, Extents = extents };
        foreach (var (view, extent) in extents)
        {
            (builder.Quarantined[view], builder.NullKeys[view]) = (extent.Quarantined, extent.NullKeys);
        }

        var set = builder.Run(cancellationToken);
        foreach (var (view, count) in builder.Quarantined)
        {
            WarnOf(view, count);
        }

        // Told once of views that read the same keys.
        foreach (var source in sources.Where(source => builder.NullKeys.GetValueOrDefault(source.View) > 0).DistinctBy(static source => (source.Table, source.KeyNames)))
        {
            LogNullKeys(source.Table, builder.NullKeys[source.View], source.KeyNames, source.FirstNullKey(session));
        }

        foreach (var column in set.Statistics.Where(static column => column.OutOfBounds > 0))
        {
            LogOutOfBounds(column.Name, column.OutOfBounds, column.Rows);
        }

        return set;
    }

    private Task<T> RunAsync<T>(Func<DuckDbSession, T> operation, CancellationToken cancellationToken) =>
        RunAsync(operation, () => new DuckDbSession(_options, _spare), cancellationToken);

    private static Task<T> RunAsync<T>(Func<DuckDbSession, T> operation, Func<DuckDbSession> open, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var session = open();
            try
            {
                return operation(session);
            }
            catch (FeatureException failure)
            {
                throw session.Explain(failure);
            }
        },
        cancellationToken);

    private void Warn(SourceQuery source) => WarnAbsences(source.Table, source.Absences);

    private void WarnAbsences(string table, IReadOnlyList<string> absences)
    {
        const int AbsencesMax = 3;
        foreach (var absence in absences.Take(AbsencesMax))
        {
            LogAbsence(table, absence);
        }

        if (absences.Count > AbsencesMax)
        {
            LogAbsence(table, $"and {absences.Count - AbsencesMax} more like this");
        }
    }

    // Each view has a history of its own: of several that read the same keys of a table the first tells it.
    private void WarnOfNullKeys(SourceQuery source, long count, string place)
    {
        if (_nullKeys.Add(source.View.Project, source.Table, source.KeyNames, count, place))
        {
            LogNullKeys(source.Table, count, source.KeyNames, place);
        }
    }

    private void Warn(IReadOnlyList<FeatureQuality> quality)
    {
        foreach (var feature in quality.Where(static feature => feature.OutOfBounds > 0))
        {
            LogOutOfBounds(feature.Feature, feature.OutOfBounds, feature.Values);
        }
    }

    private void WarnOf(FeatureView view, long quarantined)
    {
        if (quarantined > 0)
        {
            LogQuarantined(view.Name, view.Source.Table, quarantined, view.Source.AllowedSkew);
        }
    }

    [LoggerMessage(2100, LogLevel.Information, "Imported table {Table} of project {Project}: {Rows} rows in {Seconds:F1} s")]
    private partial void LogImported(string project, string table, long rows, double seconds);

    [LoggerMessage(2101, LogLevel.Information, "Built a training set of service {Service}: {Rows} rows in {Seconds:F1} s")]
    private partial void LogTrainingSet(string service, long rows, double seconds);

    [LoggerMessage(2102, LogLevel.Warning, "View {View}: table {Table} declares no created time; every row counts as known at its event time")]
    private partial void LogNoCreatedTime(string view, string table);

    [LoggerMessage(2105, LogLevel.Information, "Deleted {Count} folders in {Folder} that killed processes had left behind")]
    private partial void LogSwept(int count, string folder);

    [LoggerMessage(2104, LogLevel.Warning, "Feature {Feature}: {Count} of {Rows} values lie outside of the bounds that its definition declares")]
    private partial void LogOutOfBounds(string feature, long count, long rows);

    [LoggerMessage(2106, LogLevel.Warning, "Table {Table}: {Absence}")]
    private partial void LogAbsence(string table, string absence);

    [LoggerMessage(2107, LogLevel.Warning, "Training set of service {Service}: file {File} was replaced meanwhile; it is built again")]
    private partial void LogReplaced(string service, string file);

    [LoggerMessage(2108, LogLevel.Warning, "Table {Table}: {Count} rows have no value in their key ({Keys}), so that no entity ever sees them; the first is {Place}. Expected a value in every row")]
    private partial void LogNullKeys(string table, long count, string keys, string place);

    [LoggerMessage(2103, LogLevel.Warning, "View {View}: {Count} rows of table {Table} lie in the future of their arrival by more than {Skew} and are left out")]
    private partial void LogQuarantined(string view, string table, long count, TimeSpan skew);
}
