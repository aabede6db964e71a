using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Storage;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The offline store with its tables in a bucket of S3; the work is done by <see cref="DuckDbOfflineStore"/> on local copies.</summary>
/// <remarks>
/// Each operation has a folder of its own with the tables that it reads, as links to a bounded cache of files: a table that is replaced meanwhile, and room that is made in
/// the cache, do not disturb it. Training sets are written where they are asked for, on this machine. Thread safe.
/// </remarks>
public sealed partial class S3OfflineStore : IOfflineStore
{
    private readonly ParquetOfflineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DuckDbOfflineStore> _logger;
    private readonly ErasureList _erasures;
    private readonly NullKeyNotices _nullKeys = new();
    private readonly DuckDbOfflineStore _local;
    private readonly S3TableSync _tables;
    private readonly S3FileRewriter _files;

    /// <param name="options">Valid options; the data directory holds the folders of operations.</param>
    /// <param name="objects">The bucket; not disposed here.</param>
    /// <param name="cache">Its files on this machine, on the file system of the data directory; not disposed here.</param>
    public S3OfflineStore(ParquetOfflineOptions options, ObjectStore objects, ObjectFileCache cache, TimeProvider time, ILogger<DuckDbOfflineStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(objects);
        ArgumentNullException.ThrowIfNull(cache);
        _options = options;
        _time = time;
        _logger = logger;
        _erasures = new ErasureList(options.DataDirectory);
        _local = new DuckDbOfflineStore(options, _erasures, _nullKeys, time, logger);
        _tables = new S3TableSync(objects, cache, time);
        _files = new S3FileRewriter(objects, cache);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<OfflineColumn>> DescribeTableAsync(string project, string table, CancellationToken cancellationToken) => RunAsync(
        project, [table], (store, _) => store.DescribeTableAsync(project, table, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Passes by every table: none is brought here to be looked at.</remarks>
    public Task<IReadOnlyList<string>> FindMisfitsAsync(IReadOnlyList<FeatureView> views, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <inheritdoc/>
    public async Task<IViewHistory> OpenHistoryAsync(StorageField field, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(field);
        var work = NewFolder();
        try
        {
            await BringAsync(field.View.Project, [field.View.Source.Table], work.Tables, cancellationToken).ConfigureAwait(false);
            return new S3ViewHistory(await work.Store.OpenHistoryAsync(field, cancellationToken).ConfigureAwait(false), work);
        }
        catch
        {
            // The history takes the folder with it when it is closed; there is none.
            work.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The table in the bucket is the old one until all of the new one, or of what is appended to it, is there.</remarks>
    public Task<TableSummary> ImportAsync(TableImport import, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(import);
        return RunAsync(import.Project, [], (store, folder) => ImportAsync(import, store, folder, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<TrainingSet> BuildTrainingSetAsync(TrainingSetRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var project = request.Plan.Service.Project;
        IEnumerable<string> tables = request.Plan.Views.Select(static plan => plan.View.Source.Table);
        return RunAsync(
            project,
            [.. (TableFolder.IsName(request.Spine) ? tables.Append(request.Spine) : tables).Distinct(StringComparer.Ordinal)],
            (store, _) => store.BuildTrainingSetAsync(request with { OutputPath = Path.GetFullPath(request.OutputPath) }, progress, cancellationToken),
            cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Every file of a table is looked at, those included that it no longer or not yet names.</remarks>
    public async Task<TableErasure> EraseAsync(TableErasureRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var work = NewFolder();
        var sum = new TableErasure(0, 0);
        try
        {
            foreach (var table in TableEraser.TablesOf(request))
            {
                // As if the file were the whole table.
                var folder = Directory.CreateDirectory(work.Tables.PathOf(request.Project, table)).FullName;
                var (rows, files) = await _files.RunAsync(
                    S3TableSync.KeyOf(request.Project, table),
                    Path.Combine(folder, "file.parquet"),
                    async () => (await work.Store.EraseAsync(request, cancellationToken).ConfigureAwait(false)).Rows,
                    cancellationToken).ConfigureAwait(false);
                sum = new TableErasure(sum.Rows + rows, sum.Files + files);
            }
        }
        catch (ObjectStoreException exception)
        {
            throw Translate(exception);
        }

        return sum;
    }

    /// <inheritdoc/>
    public Task<ColumnFrame> LoadAsync(string path, IReadOnlyList<string> columns, TimeFilter? filter, CancellationToken cancellationToken) =>
        _local.LoadAsync(path, columns, filter, cancellationToken);

    private async Task<TableSummary> ImportAsync(TableImport import, DuckDbOfflineStore store, TableFolder folder, CancellationToken cancellationToken)
    {
        var (project, table) = (import.Project, import.Table);
        if (!import.IsAppended)
        {
            await _tables.CheckReplaceableAsync(project, table, cancellationToken).ConfigureAwait(false);
            var replaced = await store.ImportAsync(import, cancellationToken).ConfigureAwait(false);
            await _tables.PublishAsync(project, table, folder, cancellationToken).ConfigureAwait(false);
            return replaced;
        }

        // Beside its other files, so that one that does not agree with them is refused.
        await _tables.BringAsync(project, table, folder, cancellationToken).ConfigureAwait(false);
        var before = folder.TryFilesOf(project, table) ?? [];
        var summary = await store.ImportAsync(import, cancellationToken).ConfigureAwait(false);
        if (summary.Rows == 0)
        {
            return summary;
        }

        var added = folder.FilesOf(project, table).Except(before).Single();
        if (!TableFolder.IsTimed(Path.GetFileName(added)))
        {
            var timed = folder.NewFile(project, table, TableFolder.PartPrefix, _time.GetUtcNow());
            File.Move(added, timed);
            added = timed;
        }

        await _tables.AppendAsync(project, table, added, cancellationToken).ConfigureAwait(false);
        return summary;
    }

    private async Task<T> RunAsync<T>(
        string project, IReadOnlyList<string> tables, Func<DuckDbOfflineStore, TableFolder, Task<T>> operation, CancellationToken cancellationToken)
    {
        using var work = NewFolder();
        await BringAsync(project, tables, work.Tables, cancellationToken).ConfigureAwait(false);
        try
        {
            return await operation(work.Store, work.Tables).ConfigureAwait(false);
        }
        catch (ObjectStoreException exception)
        {
            throw Translate(exception);
        }
    }

    private async Task BringAsync(string project, IReadOnlyList<string> tables, TableFolder target, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var table in tables)
            {
                if (!await _tables.BringAsync(project, table, target, cancellationToken).ConfigureAwait(false) && !File.Exists(table))
                {
                    var known = await _tables.ListAsync(project, cancellationToken).ConfigureAwait(false);
                    throw new FeatureException(
                        FeatureError.NotFound,
                        $"There is no table '{table}' in project '{project}'. Tables: {TableNames.ToText(known)}. Import one first.");
                }
            }
        }
        catch (ObjectStoreException exception)
        {
            throw Translate(exception);
        }
    }

    private WorkFolder NewFolder() => new(SpillFolder.Create(_options.SpillParent), _options, _erasures, _nullKeys, _time, _logger);

    private static FeatureException Translate(ObjectStoreException exception) => new(FeatureError.StoreUnavailable, exception.Message, exception);

    /// <summary>The data directory of one operation; swept with the folders of engines when its process was killed.</summary>
    private sealed class WorkFolder(SpillFolder folder, ParquetOfflineOptions options, ErasureList erasures, NullKeyNotices nullKeys, TimeProvider time, ILogger<DuckDbOfflineStore> logger)
        : IDisposable
    {
        public TableFolder Tables { get; } = new(folder.Path);

        public DuckDbOfflineStore Store { get; } = new(options.WithDirectory(folder.Path), erasures, nullKeys, time, logger);

        public void Dispose() => folder.Dispose();
    }
}
