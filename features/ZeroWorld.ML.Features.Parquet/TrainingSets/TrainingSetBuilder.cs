using System.Collections.Concurrent;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Builds one training set: the spine in ranges, each range view by view, then block by block in the order of the spine.</summary>
/// <remarks>
/// The engine scans, converts and sorts, out of core. Last-value views are searched while their tables stream past; what a windowed view gives is
/// decided by <see cref="ViewPlan"/>, the code that answers requests. Neither threads nor memory leave a trace in the result.
/// </remarks>
internal sealed class TrainingSetBuilder
{
    /// <summary>Memory per row of a range, for each search: numbers, moments, candidates, places, hashes of ties.</summary>
    private const int KeyRowBytes = 144;

    /// <summary>What a byte of a group takes in all: as a value, as what is encoded of it and on the way.</summary>
    private const double BytesPerByte = 2.5;

    /// <summary>Groups that fit the memory of the output side by side.</summary>
    private const int GroupShares = 4;

    private readonly DuckDbSession _session;
    private readonly TrainingSetRequest _request;
    private readonly SpineTable _spine;
    private readonly IReadOnlyList<SourceQuery> _sources;
    private readonly Erasures _erasures;
    private readonly List<LastValueGroup> _groups = [];
    private readonly ParquetOfflineOptions _options;
    private readonly int _threads;
    private readonly long _memoryBytes;
    private readonly int _rangeRows;
    private readonly TrainingProgress _progress;

    public TrainingSetBuilder(
        DuckDbSession session, TrainingSetRequest request, SpineTable spine, IReadOnlyList<SourceQuery> sources, Erasures erasures, ParquetOfflineOptions options, IProgress<long>? progress)
    {
        _erasures = erasures;
        _session = session;
        _request = request;
        _spine = spine;
        _sources = sources;
        _options = options;
        _threads = options.ThreadCount;
        _memoryBytes = options.CellBytes;
        foreach (var group in request.Plan.Views.Index().Where(static item => !item.Item.Field.IsWindow)
            .GroupBy(item => (KeyColumns(item.Item), sources[item.Index].RowIdentity)))
        {
            LastValueSource[] views = [.. group.Select(item => new LastValueSource(item.Item.Field, sources[item.Index]))];
            _groups.Add(new LastValueGroup(group.Key.Item1, views, views[0].Query.Slice(session, options.SliceRows, CancellationToken.None)));
        }

        var sourceRows = _groups.Sum(static group => group.Slices.Sum(static slice => slice.Rows));
        _rangeRows = RangeRows();
        _progress = new TrainingProgress(sourceRows, (spine.Rows + _rangeRows - 1) / _rangeRows, spine.Rows, progress, request.Share);
    }

    /// <summary>The files that are read, which must be the same ones at the end.</summary>
    public required FileStamps Stamps { get; init; }

    /// <summary>Per windowed view what its table holds.</summary>
    public required IReadOnlyDictionary<FeatureView, SourceExtent> Extents { get; init; }

    /// <summary>Per view the rows of its table that lie in the future of their arrival.</summary>
    public Dictionary<FeatureView, long> Quarantined { get; } = [];

    /// <summary>Per view the rows of its table without a value in a key.</summary>
    public Dictionary<FeatureView, long> NullKeys { get; } = [];

    /// <returns>The training set; its file is written and complete.</returns>
    public TrainingSet Run(CancellationToken cancellationToken)
    {
        var first = new TrainingBlock(_request, _spine);
        var statistics = first.CreateStatistics();
        using var fingerprint = new RowFingerprint(_request.Plan.Service.Fingerprint, first.Buffers);
        using var output = new TrainingOutput(_request.OutputPath, first.Buffers, TrainingSetCard.LengthMax(_request, Complete(statistics)));
        var workers = CreateWorkers(first, output, statistics);
        var spineHash = string.Empty;
        try
        {
            var rows = new TrainingRows(_request, _spine, output, workers, (long)GroupBytesMax);

            // The files of the spine are read twice anyway: their digest is made beside the rest.
            Parallelism.Run(Math.Min(_threads, 2), worker =>
            {
                if (worker == 0)
                {
                    Run(rows, block => Take(block, fingerprint, statistics), cancellationToken);
                }

                if (worker == Math.Min(_threads, 2) - 1)
                {
                    spineHash = _spine.Hash();
                }
            });
        }
        finally
        {
            foreach (var worker in workers)
            {
                worker.Dispose();
            }
        }

        var set = new TrainingSet(_request.OutputPath, _spine.Rows, fingerprint.Complete(), _request.Plan.Service.Fingerprint, Quarantined.Values.Sum())
        {
            SpineHash = spineHash,
            Statistics = Complete(statistics),
        };
        cancellationToken.ThrowIfCancellationRequested();
        Stamps.Require();
        output.Complete(TrainingSetCard.Write(_request, set), _request.OutputPath + ".json");
        return set;
    }

    private void Run(TrainingRows rows, Action<TrainingBlock> took, CancellationToken cancellationToken)
    {
        for (var from = 0L; from < _spine.Rows; from += _rangeRows)
        {
            var range = new SpineRange(from, (int)Math.Min(_rangeRows, _spine.Rows - from));
            var cells = Join(range, out var times, cancellationToken);
            try
            {
                rows.Run(_session, range, times, cells, took, cancellationToken);
            }
            finally
            {
                Array.ForEach(cells, static item => item?.Dispose());
                times?.Dispose();
            }
        }
    }

    private void Take(TrainingBlock block, RowFingerprint fingerprint, ColumnStatisticsBuilder?[] statistics)
    {
        fingerprint.Append(block.Digest);
        for (var column = 0; column < statistics.Length; column++)
        {
            statistics[column]?.Add(block.Statistics[column]);
        }

        _progress.Wrote(block.Count);
    }

    private static IReadOnlyList<ColumnStatistics> Complete(ColumnStatisticsBuilder?[] statistics) =>
        [.. statistics.OfType<ColumnStatisticsBuilder>().Select(static column => column.Complete())];

    // Of each thread as many blocks as one row group takes, or as fit the memory of the output: they are held as rows, as what is encoded of them and as numbers on the way.
    private TrainingWorker[] CreateWorkers(TrainingBlock first, TrainingOutput output, ColumnStatisticsBuilder?[] statistics)
    {
        var fit = GroupBytesMax / first.MemoryBytes;

        // Whatever the number of threads, so that the file has the same bytes.
        var count = Math.Clamp((int)fit, 1, TrainingOutput.BlocksMax);
        var threads = Math.Clamp((int)(GroupShares * fit / count), 1, _threads);
        return
        [
            .. Enumerable.Range(0, threads).Select(worker => new TrainingWorker(
                [.. Enumerable.Range(0, count).Select(block => worker + block == 0 ? first : new TrainingBlock(_request, _spine))], output.CreateGroup(), statistics)),
        ];
    }

    private long KnownUntil => _request.AsOf ?? long.MaxValue;

    private double GroupBytesMax => (_options.OutputMiB << 20) / BytesPerByte / GroupShares;

    private ViewCells?[] Join(SpineRange range, out NativeArray<long>? times, CancellationToken cancellationToken)
    {
        times = null;
        var plan = _request.Plan;
        var cells = new ViewCells?[plan.Service.Columns.Count];
        if (plan.Views.Count == 0)
        {
            return cells;
        }

        foreach (var keyed in _groups.GroupBy(static group => group.Keys))
        {
            using var spine = SpineMoments.Read(_session, _spine, range, keyed.Key.Keys, _threads, cancellationToken);
            times?.Dispose();
            times = spine.Times;
            foreach (var group in keyed)
            {
                using var search = new LastValueSearch(spine, group.Views, _erasures, KnownUntil, _threads, _memoryBytes);
                search.Run(_session, group.Slices, _progress.Scanned, cancellationToken);
                var found = LastValueCells.Read(
                    _session, search, spine, plan.Service, group.Views, group.Slices, _threads, _progress.Scanned, cancellationToken);
                for (var view = 0; view < found.Length; view++)
                {
                    Quarantined[group.Views[view].View] = search.Quarantined;
                    NullKeys[group.Views[view].View] = search.NullKeys;
                    SetCells(cells, group.Views[view].View, found[view]);
                }
            }
        }

        JoinWindows(range, cells, cancellationToken);
        return cells;
    }

    private void JoinWindows(SpineRange range, ViewCells?[] cells, CancellationToken cancellationToken)
    {
        var plan = _request.Plan;
        ViewPass[] passes = [.. plan.Views.Index().Where(static item => item.Item.Field.IsWindow)
            .Select(item => new ViewPass(_session, plan, item.Index, _sources[item.Index], _erasures, _spine))];
        if (passes.Length == 0)
        {
            return;
        }

        CellColumn?[] columns = [.. plan.Service.Columns.Select(column => column.View is WindowedView ? new CellColumn(column.Type, range.Count) : null)];
        foreach (var pass in passes)
        {
            pass.CreateKeys(range, cancellationToken);
        }

        var schedule = WindowSchedule.Of([.. passes.Select(pass => pass.SortBytes(Extents[pass.View].Rows, range.Count))], _threads, _options.JoinMiB << 20);
        using var limit = schedule.EngineThreads < _threads ? _session.LimitThreads(schedule.EngineThreads) : null;
        var arrivedUntil = LastMoment(range, cancellationToken);
        var next = -1;
        var refused = new ConcurrentQueue<int>();
        Parallelism.Run(schedule.Workers, _ =>
        {
            while (Interlocked.Increment(ref next) is var index && index < passes.Length * schedule.Partitions)
            {
                try
                {
                    passes[index / schedule.Partitions].Run(range, arrivedUntil, KnownUntil, index % schedule.Partitions, schedule.Partitions, columns, cancellationToken);
                }
                catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
                {
                    // Sorts at once may take what the others need, whatever was planned; what it wrote is written again.
                    refused.Enqueue(index);
                }
            }
        });
        foreach (var index in refused.Order())
        {
            RunAlone(passes[index / schedule.Partitions], range, arrivedUntil, index % schedule.Partitions, schedule.Partitions, columns, cancellationToken);
        }

        foreach (var view in plan.Views.Where(static view => view.Field.IsWindow))
        {
            SetCells(cells, view.View, new WindowCells(columns));
        }
    }

    /// <summary>Joins a partition that found too little memory beside others: in parts, one after the other, by one thread of the engine.</summary>
    private void RunAlone(ViewPass pass, SpineRange range, long arrivedUntil, int partition, int partitions, CellColumn?[] columns, CancellationToken cancellationToken)
    {
        const int Parts = 4;
        using var limit = _session.LimitThreads(1);
        for (var part = 0; part < Parts; part++)
        {
            pass.Run(range, arrivedUntil, KnownUntil, partition + (part * partitions), partitions * Parts, columns, cancellationToken);
        }
    }

    private void SetCells(ViewCells?[] cells, FeatureView view, ViewCells found)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            if (_request.Plan.Service.Columns[column].View == view)
            {
                cells[column] = found;
            }
        }
    }

    private KeyTuple KeyColumns(ViewPlan view) => new([.. view.View.Entity.Keys.Select(key => (_spine.IndexOf(key), key.Type))]);

    private long LastMoment(SpineRange range, CancellationToken cancellationToken)
    {
        using var rows = _session.Query($"SELECT max(q) FROM {SpineTable.Name} WHERE {range.Condition("rowid")}", cancellationToken);
        rows.Read();
        return rows.GetInt64(0);
    }

    private int RangeRows()
    {
        // What several views read alike is held once.
        var values = _groups.Sum(group => group.Views
            .SelectMany(static view => view.View.StoredColumns.Select((column, index) => (Expression: view.Query.ValueAt(index), column.Type))).Distinct()
            .Sum(column => SelectedRows.ValueBytes(column.Type) + group.Views[0].Query.MeanLength(_session, column.Expression, column.Type)));
        var windows = _request.Plan.Service.Columns.Where(static column => column.View is WindowedView).Sum(static column => CellColumn.RowBytes(column.Type));
        var rowBytes = (KeyRowBytes * Math.Max(_groups.Count, 1)) + values + windows;
        var blocks = _memoryBytes / rowBytes / ColumnBuffer.BlockRows;
        return (int)Math.Clamp(blocks * ColumnBuffer.BlockRows, ColumnBuffer.BlockRows, 1 << 26);
    }

    /// <summary>Views that one search serves.</summary>
    private sealed record LastValueGroup(KeyTuple Keys, LastValueSource[] Views, IReadOnlyList<SourceSlice> Slices);

    /// <summary>Columns of the spine that make an entity's key; equal tuples share what is known of the spine.</summary>
    private sealed class KeyTuple((int Column, FeatureType Type)[] keys) : IEquatable<KeyTuple>
    {
        public IReadOnlyList<(int Column, FeatureType Type)> Keys => keys;

        public bool Equals(KeyTuple? other) => other is not null && keys.SequenceEqual(other.Keys);

        public override bool Equals(object? obj) => Equals(obj as KeyTuple);

        public override int GetHashCode() => keys[0].GetHashCode();
    }
}
