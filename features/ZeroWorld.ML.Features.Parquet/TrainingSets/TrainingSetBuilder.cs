namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Builds one training set: the spine in ranges, each range view by view, then block by block in the order of the spine.</summary>
/// <remarks>
/// The engine scans, converts and sorts, out of core. Last-value views are searched while their tables stream past; what a windowed view gives is
/// decided by <see cref="ViewPlan"/>, the code that answers requests. Neither threads nor memory leave a trace in the result.
/// </remarks>
internal sealed class TrainingSetBuilder
{
    private const string Output = "training_set";

    /// <summary>Memory per row of a range, for each distinct tuple of keys: numbers, moments, candidates, places.</summary>
    private const int KeyRowBytes = 112;

    private readonly DuckDbSession _session;
    private readonly TrainingSetRequest _request;
    private readonly SpineTable _spine;
    private readonly IReadOnlyList<SourceQuery> _sources;
    private readonly IReadOnlyList<SourceSlice>[] _slices;
    private readonly int _threads;
    private readonly long _memoryBytes;
    private readonly TrainingProgress _progress;

    public TrainingSetBuilder(
        DuckDbSession session, TrainingSetRequest request, SpineTable spine, IReadOnlyList<SourceQuery> sources, ParquetOfflineOptions options, IProgress<long>? progress)
    {
        _session = session;
        _request = request;
        _spine = spine;
        _sources = sources;
        _threads = options.ThreadCount;
        _memoryBytes = options.CellBytes;
        _slices = [.. sources.Select((source, index) => request.Plan.Views[index].Field.IsWindow ? [] : source.Slice(session, options.SliceRows, CancellationToken.None))];
        var sourceRows = _slices.Sum(static slices => slices.Sum(static slice => slice.Rows));
        var rangeRows = RangeRows();
        _progress = new TrainingProgress(sourceRows, (spine.Rows + rangeRows - 1) / rangeRows, spine.Rows, progress, request.Share);
    }

    /// <summary>Per view the rows of its table that lie in the future of their arrival.</summary>
    public Dictionary<FeatureView, long> Quarantined { get; } = [];

    /// <returns>The training set; its file is written and complete.</returns>
    public TrainingSet Run(CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(_request, _spine);
        var statistics = rows.CreateStatistics();
        using var fingerprint = new RowFingerprint(_request.Plan.Service.Fingerprint, rows.Columns);
        using (var writer = new DuckDbTableWriter(_session, Output, rows.Columns))
        {
            var rangeRows = RangeRows();
            for (var first = 0L; first < _spine.Rows; first += rangeRows)
            {
                var range = new SpineRange(first, (int)Math.Min(rangeRows, _spine.Rows - first));
                var blocks = rows.Assemble(_session, range, Join(range, cancellationToken), cancellationToken);
                Write(blocks, block =>
                {
                    fingerprint.Append(block.Buffers, block.Count);
                    writer.Append(block.Buffers, block.Count);
                    for (var column = 0; column < statistics.Length; column++)
                    {
                        statistics[column]?.Append(block.Buffers[column], block.Count);
                    }
                });
            }

            writer.Complete();
        }

        // What is no longer needed makes room for the file's column chunks.
        _session.Execute($"DROP TABLE {SpineTable.Name}", cancellationToken);
        var set = new TrainingSet(_request.OutputPath, _spine.Rows, fingerprint.Complete(), _request.Plan.Service.Fingerprint, Quarantined.Values.Sum())
        {
            SpineHash = _spine.Hash(),
            Statistics = [.. statistics.OfType<ColumnStatisticsBuilder>().Select(static column => column.Complete())],
        };
        Publish(set, cancellationToken);
        return set;
    }

    // The next block is made while this one is written.
    private void Write(IEnumerable<TrainingBlock> blocks, Action<TrainingBlock> write)
    {
        var pending = Task.CompletedTask;
        try
        {
            foreach (var block in blocks)
            {
                pending.GetAwaiter().GetResult();
                pending = Task.Run(() =>
                {
                    write(block);
                    _progress.Wrote(block.Count);
                });
            }
        }
        finally
        {
            pending.GetAwaiter().GetResult();
        }
    }

    private ViewCells?[] Join(SpineRange range, CancellationToken cancellationToken)
    {
        var plan = _request.Plan;
        var cells = new ViewCells?[plan.Service.Columns.Count];
        if (plan.Views.Count == 0)
        {
            return cells;
        }

        var arrivedUntil = Math.Min(LastMoment(range, cancellationToken), _request.AsOf ?? long.MaxValue);
        foreach (var group in plan.Views.Index().Where(static item => !item.Item.Field.IsWindow).GroupBy(item => KeyColumns(item.Item)))
        {
            var spine = SpineMoments.Read(_session, range, group.Key.Keys, cancellationToken);
            foreach (var (index, view) in group)
            {
                var slices = _slices[index];
                var search = new LastValueSearch(spine, view.Field, _sources[index], arrivedUntil);
                search.Run(_session, slices, _threads, _progress.Scanned, cancellationToken);
                Quarantined[view.View] = search.Quarantined;
                var found = LastValueCells.Read(
                    _session, search, spine, plan.Service, (LastValueView)view.View, _sources[index], slices, _threads, _progress.Scanned, cancellationToken);
                SetCells(cells, view, found);
            }
        }

        JoinWindows(range, arrivedUntil, cells, cancellationToken);
        return cells;
    }

    private void JoinWindows(SpineRange range, long arrivedUntil, ViewCells?[] cells, CancellationToken cancellationToken)
    {
        var plan = _request.Plan;
        ViewPass[] passes = [.. plan.Views.Index().Where(static item => item.Item.Field.IsWindow)
            .Select(item => new ViewPass(_session, plan, item.Index, _sources[item.Index], _spine))];
        if (passes.Length == 0)
        {
            return;
        }

        CellColumn?[] columns = [.. plan.Service.Columns.Select(column => column.View is WindowedView ? new CellColumn(column.Type, range.Count) : null)];
        foreach (var pass in passes)
        {
            pass.CreateKeys(range, cancellationToken);
        }

        var partitions = (_threads + passes.Length - 1) / passes.Length;
        var next = -1;
        Parallelism.Run(Math.Min(_threads, passes.Length * partitions), _ =>
        {
            while (Interlocked.Increment(ref next) is var index && index < passes.Length * partitions)
            {
                passes[index / partitions].Run(range, arrivedUntil, index % partitions, partitions, columns, cancellationToken);
            }
        });
        foreach (var view in plan.Views.Where(static view => view.Field.IsWindow))
        {
            SetCells(cells, view, new WindowCells(columns));
        }
    }

    private void SetCells(ViewCells?[] cells, ViewPlan view, ViewCells found)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            if (_request.Plan.Service.Columns[column].View == view.View)
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
        var views = _request.Plan.Views.Count(static view => !view.Field.IsWindow);
        var rowBytes = (KeyRowBytes * Math.Max(views, 1)) + _request.Plan.Service.Columns.Sum(static column => column.View switch
        {
            null => 0,
            WindowedView => CellColumn.RowBytes(column.Type),
            _ => SelectedRows.ValueBytes(column.Type),
        });
        var blocks = _memoryBytes / rowBytes / ColumnBuffer.BlockRows;
        return (int)Math.Clamp(blocks * ColumnBuffer.BlockRows, ColumnBuffer.BlockRows, 1 << 26);
    }

    private void Publish(TrainingSet set, CancellationToken cancellationToken)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(set.Path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var card = TrainingSetCard.Write(_request, set);
        var (temporary, temporaryCard) = (ParquetFile.TemporaryPathOf(set.Path), ParquetFile.TemporaryPathOf(CardPathOf(set.Path)));
        if (ArrowFile.IsName(set.Path))
        {
            ArrowFile.WriteAsync(_session, Output, temporary, (TrainingSetCard.Key, card), cancellationToken).GetAwaiter().GetResult();
        }
        else
        {
            ParquetFile.Write(_session, Output, temporary, (TrainingSetCard.Key, card), cancellationToken);
        }

        try
        {
            File.WriteAllText(temporaryCard, card + "\n");
            File.Move(temporary, set.Path, overwrite: true);
            File.Move(temporaryCard, CardPathOf(set.Path), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            File.Delete(temporaryCard);
            throw;
        }
    }

    private static string CardPathOf(string path) => path + ".json";

    /// <summary>Columns of the spine that make an entity's key; equal tuples share what is known of the spine.</summary>
    private sealed class KeyTuple((int Column, FeatureType Type)[] keys) : IEquatable<KeyTuple>
    {
        public IReadOnlyList<(int Column, FeatureType Type)> Keys => keys;

        public bool Equals(KeyTuple? other) => other is not null && keys.SequenceEqual(other.Keys);

        public override bool Equals(object? obj) => Equals(obj as KeyTuple);

        public override int GetHashCode() => keys[0].GetHashCode();
    }
}
