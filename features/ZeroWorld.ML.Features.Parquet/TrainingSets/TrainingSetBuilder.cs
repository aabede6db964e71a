namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Builds one training set: the spine in ranges, each range view by view, then row by row in the order of the spine.</summary>
/// <remarks>
/// The engine scans, converts and sorts, out of core; what a row becomes is decided by <see cref="ViewPlan"/> and <see cref="FeatureServicePlan"/>, the
/// code that answers requests. Entities are independent, so views and partitions of their entities run in parallel without a trace in the result.
/// </remarks>
internal sealed class TrainingSetBuilder
{
    private const string Output = "training_set";

    /// <summary>Memory for the cells of one range.</summary>
    private const long CellBytesMax = 256L << 20;

    private readonly DuckDbSession _session;
    private readonly TrainingSetRequest _request;
    private readonly SpineTable _spine;
    private readonly ViewPass[] _passes;
    private readonly int _threads;

    public TrainingSetBuilder(DuckDbSession session, TrainingSetRequest request, SpineTable spine, IReadOnlyList<SourceQuery> sources, int threads)
    {
        _session = session;
        _request = request;
        _spine = spine;
        _threads = threads;
        _passes = [.. sources.Select((source, index) => new ViewPass(session, request.Plan, index, source, spine))];
    }

    /// <returns>The fingerprint; the file is written and complete.</returns>
    public string Run(IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var rows = new TrainingRows(_request, _spine);
        using var fingerprint = new RowFingerprint(_request.Plan.Service.Fingerprint, rows.Buffers);
        using (var writer = new DuckDbTableWriter(_session, Output, rows.Buffers))
        {
            var rangeRows = RangeRows();
            for (var first = 0L; first < _spine.Rows; first += rangeRows)
            {
                var range = new SpineRange(first, (int)Math.Min(rangeRows, _spine.Rows - first));
                var cells = Join(range, cancellationToken);
                foreach (var (count, done) in rows.Assemble(_session, range, cells, cancellationToken))
                {
                    fingerprint.Append(count);
                    writer.Append(count);
                    progress?.Report(done);
                }
            }

            writer.Complete();
        }

        // What is no longer needed makes room for the file's column chunks.
        _session.Execute($"DROP TABLE {SpineTable.Name}", cancellationToken);
        Publish(cancellationToken);
        return fingerprint.Complete();
    }

    private CellColumn?[] Join(SpineRange range, CancellationToken cancellationToken)
    {
        CellColumn?[] cells = [.. _request.Plan.Service.Columns.Select(column => column.View is null ? null : new CellColumn(column.Type, range.Count))];
        if (_passes.Length == 0)
        {
            return cells;
        }

        foreach (var pass in _passes)
        {
            pass.CreateKeys(range, cancellationToken);
        }

        var arrivedUntil = Math.Min(LastMoment(range, cancellationToken), _request.AsOf ?? long.MaxValue);
        var partitions = (_threads + _passes.Length - 1) / _passes.Length;
        try
        {
            Parallel.For(
                0,
                _passes.Length * partitions,
                new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellationToken },
                index => _passes[index / partitions].Run(range, arrivedUntil, index % partitions, partitions, cells, cancellationToken));
        }
        catch (AggregateException exception)
        {
            // Whatever stopped one of them is the reason; the others stopped for the same one, or not at all.
            throw exception.InnerExceptions[0] is FeatureException first
                ? new FeatureException(first.Error, first.Message, exception)
                : exception;
        }

        return cells;
    }

    private long LastMoment(SpineRange range, CancellationToken cancellationToken)
    {
        using var rows = _session.Query($"SELECT max(q) FROM {SpineTable.Name} WHERE {range.Condition("rowid")}", cancellationToken);
        rows.Read();
        return rows.GetInt64(0);
    }

    private int RangeRows()
    {
        var rowBytes = _request.Plan.Service.Columns.Where(static column => column.View is not null).Sum(static column => CellColumn.RowBytes(column.Type));
        var blocks = CellBytesMax / Math.Max(rowBytes, 1) / ColumnBuffer.BlockRows;
        return (int)Math.Clamp(blocks * ColumnBuffer.BlockRows, ColumnBuffer.BlockRows, 1 << 26);
    }

    private void Publish(CancellationToken cancellationToken)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(_request.OutputPath)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        var temporary = ParquetFile.TemporaryPathOf(_request.OutputPath);
        ParquetFile.Write(_session, Output, temporary, cancellationToken);
        File.Move(temporary, _request.OutputPath, overwrite: true);
    }
}
