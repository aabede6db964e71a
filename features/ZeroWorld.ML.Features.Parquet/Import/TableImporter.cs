namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes one table of one file. The table appears whole or not at all.</summary>
internal sealed class TableImporter
{
    /// <summary>The part of the work that is reading; the rest is writing the table.</summary>
    private const double ReadingShare = 0.8;

    private readonly TableFolder _tables;
    private readonly TableImport _import;
    private readonly TimeProvider _time;
    private readonly ColumnBuffer[] _columns;
    private readonly bool[] _notNull;
    private readonly int _timeColumn;
    private readonly IReadOnlyList<string> _leftOut;
    private readonly IReadOnlyList<TextColumn> _texts;

    private TableImporter(TableFolder tables, TableImport import, IReadOnlyList<string> leftOut, IReadOnlyList<TextColumn> texts, TimeProvider time)
    {
        _time = time;
        _tables = tables;
        _import = import;
        _leftOut = leftOut;
        _texts = texts;
        CheckColumns(import);
        _columns = [.. import.Columns.Select(static column => new ColumnBuffer(column.Name, ColumnTypes.KindOf(column.Type)))];
        _timeColumn = Array.FindIndex(_columns, static column => column.Kind == ColumnKind.Timestamp);
        _notNull = [.. import.Columns.Select((column, index) => import.NotNull?.Contains(column.Name) ?? index == _timeColumn)];
    }

    /// <summary>Reads the file into the table, with the columns that are named or, where none is, those that it has.</summary>
    public static TableSummary Run(DuckDbSession session, TableFolder tables, TableImport import, TimeProvider time, CancellationToken cancellationToken)
    {
        CheckFile(import);
        IReadOnlyList<string> leftOut = [];
        IReadOnlyList<TextColumn> texts = [];
        if (import.Columns.Count == 0)
        {
            (import, leftOut, texts) = ColumnFinder.Find(session, tables, import, cancellationToken);
        }

        return new TableImporter(tables, import, leftOut, texts, time).Run(session, cancellationToken);
    }

    private TableSummary Run(DuckDbSession session, CancellationToken cancellationToken)
    {
        const string Staging = "staging";
        var (rows, first, last) = (0L, (long?)null, (long?)null);
        using (var writer = new DuckDbTableWriter(session, Staging, _columns))
        {
            foreach (var count in ReadBlocks(session, cancellationToken))
            {
                rows += count;
                MeasureTimes(count, ref first, ref last);
                writer.Append(_columns, count);
            }

            writer.Complete();
        }

        if (rows == 0)
        {
            if (_import.IsAppended && _tables.TryFilesOf(_import.Project, _import.Table) is not null)
            {
                // A day on which nothing happened.
                return new TableSummary(0, 0, null, null) { Columns = _import.Columns, LeftOut = _leftOut, Texts = _texts };
            }

            throw ImportFailure.File(_import.Path, "has no rows; expected at least one.");
        }

        var quality = Inspect(session, Staging, cancellationToken);
        var nullKeys = FindNullKeys(session, Staging, cancellationToken);
        var folder = _tables.PathOf(_import.Project, _import.Table);
        Directory.CreateDirectory(folder);
        var temporary = ParquetFile.TemporaryPathOf(Path.Combine(folder, "part-0.parquet"));
        ParquetFile.Write(session, Staging, temporary, null, cancellationToken);
        var bytes = new FileInfo(temporary).Length;
        var misfits = Publish(session, temporary, cancellationToken);
        return new TableSummary(rows, bytes, first, last) { Columns = _import.Columns, LeftOut = _leftOut, Texts = _texts, Quality = quality, NullKeys = nullKeys, Misfits = misfits };
    }

    /// <summary>Makes the file the table or, unless it does not agree with those that are there, puts it beside them.</summary>
    /// <returns>What its views cannot read of the table.</returns>
    private string[] Publish(DuckDbSession session, string temporary, CancellationToken cancellationToken)
    {
        // What is wrong is told of the file that the caller knows.
        string Rename(string message) => message.Replace(temporary, _import.Path, StringComparison.Ordinal)
            .Replace(Path.GetFileName(temporary), Path.GetFileName(_import.Path), StringComparison.Ordinal);
        try
        {
            var others = _import.IsAppended ? _tables.TryFilesOf(_import.Project, _import.Table) : null;
            var table = TableFiles.Open(session, [.. others ?? [], temporary], cancellationToken);
            if (others is not null)
            {
                table.Require([], _columns.Select(static column => column.Name));
            }

            var misfits = TableFit.FindMisfits(table, _import.Views).Select(Rename).ToArray();
            if (_import.IsAppended)
            {
                // Named when it is there: a file that is stored counts as stored from then on.
                _tables.Append(_import.Project, _import.Table, temporary, _time.GetUtcNow());
            }
            else
            {
                _tables.Publish(_import.Project, _import.Table, temporary);
            }

            return misfits;
        }
        catch (FeatureException exception)
        {
            File.Delete(temporary);
            throw new FeatureException(exception.Error, Rename(exception.Message), exception);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Counts what lies outside of declared bounds: a report, no refusal.</summary>
    private List<FeatureQuality> Inspect(DuckDbSession session, string table, CancellationToken cancellationToken)
    {
        var found = new List<FeatureQuality>();
        foreach (var view in _import.Views)
        {
            var stored = view.StoredColumns;
            var query = new QualityQuery(view, index => ValueOf(stored[index]));
            var expressions = query.Expressions(PassesOf(session, view)).ToList();
            if (expressions.Count > 0)
            {
                using var rows = session.Query($"SELECT {string.Join(", ", expressions)} FROM {table}", cancellationToken);
                rows.Read();
                found.AddRange(query.Read(rows, 0));
            }
        }

        return found;
    }

    private string PassesOf(DuckDbSession session, FeatureView view)
    {
        if (view.Source.Filter is not { } filter)
        {
            return "true";
        }

        // Without a column that it reads, the filter lets nothing pass that is worth a count.
        var values = filter.Columns.Select(ValueOf).OfType<string>().ToList();
        return values.Count == filter.Columns.Count ? session.FilterBy(filter, values) : "false";
    }

    /// <summary>Counts the rows that no entity sees: a report, no refusal, since another view may read them by other keys.</summary>
    private IReadOnlyList<NullKeyRows> FindNullKeys(DuckDbSession session, string table, CancellationToken cancellationToken)
    {
        var known = _columns.Select(static column => column.Name).ToHashSet(StringComparer.Ordinal);
        var keys = _import.Views.Select(static view => view.Source.KeyColumns).Where(known.IsSupersetOf).DistinctBy(static key => string.Join(", ", key.Select(Sql.Name))).ToList();
        if (keys.Count == 0)
        {
            return [];
        }

        var conditions = keys.ConvertAll(static key => string.Join(" OR ", key.Select(static column => $"{Sql.Name(column)} IS NULL")));
        var counts = conditions.Select(static condition => $"count(*) FILTER ({condition}), min(rowid) FILTER ({condition})");
        using var rows = session.Query($"SELECT {string.Join(", ", counts)} FROM {table}", cancellationToken);
        rows.Read();
        return
        [
            .. keys.Select((key, index) => (Key: key, Count: rows.GetInt64(2 * index), Index: (2 * index) + 1)).Where(static item => item.Count > 0)
                .Select(item => new NullKeyRows(item.Key, item.Count, rows.GetInt64(item.Index) + 1)),
        ];
    }

    // A column that does not fit the view is told where the view is read.
    private string? ValueOf(StoredColumn stored) => Array.Find(_columns, column => column.Name == stored.Name) is { } column
        ? ColumnTypes.Convert(column.Name, column.Kind == ColumnKind.Timestamp ? "TIMESTAMP WITH TIME ZONE" : ColumnTypes.EngineNameOf(column.Kind), stored.Type)
        : null;

    private IEnumerable<int> ReadBlocks(DuckDbSession session, CancellationToken cancellationToken)
    {
        if (_import.Path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            var file = new ParquetTableSource(session, _import, _notNull);
            var (all, read) = (file.CountRows(cancellationToken), 0L);
            foreach (var count in file.ReadBlocks(_columns, cancellationToken))
            {
                yield return count;
                read += count;
                _import.Share?.Report(ReadingShare * read / all);
            }

            yield break;
        }

        using var source = new CsvTableSource(_import, _notNull);
        foreach (var count in source.ReadBlocks(_columns, cancellationToken))
        {
            yield return count;
            _import.Share?.Report(ReadingShare * source.Share);
        }
    }

    private void MeasureTimes(int count, ref long? first, ref long? last)
    {
        if (_timeColumn < 0)
        {
            return;
        }

        var column = _columns[_timeColumn];
        for (var row = 0; row < count; row++)
        {
            if (!column.Nulls[row])
            {
                first = Math.Min(first ?? long.MaxValue, column.Bits[row]);
                last = Math.Max(last ?? long.MinValue, column.Bits[row]);
            }
        }
    }

    private static void CheckFile(TableImport import)
    {
        if (!File.Exists(import.Path))
        {
            throw new FeatureException(FeatureError.NotFound, $"There is no file '{import.Path}'.");
        }

        if (!import.Path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)
            && !import.Path.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase)
            && !import.Path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            throw ImportFailure.File(import.Path, "is of no known kind; expected a name ending in .csv, .csv.gz or .parquet.");
        }

        if (import.NullTexts.Count > 0 && import.Path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            throw ImportFailure.File(import.Path, "has nulls of its own; expected texts that stand for no value with a CSV file only.");
        }
    }

    private static void CheckColumns(TableImport import)
    {
        // The engine compares names without case: two columns that differ only in case are one to it.
        if (import.Columns.Select(static column => column.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count() != import.Columns.Count)
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"Table '{import.Table}' has the columns {string.Join(", ", import.Columns.Select(static column => column.Name))}; expected each name once (case does not count).");
        }

        if (import.NotNull?.FirstOrDefault(name => import.Columns.All(column => column.Name != name)) is { } unknown)
        {
            throw new FeatureException(
                FeatureError.InvalidInput, $"Column '{unknown}' must not be null but is not among the columns of table '{import.Table}'.");
        }
    }
}
