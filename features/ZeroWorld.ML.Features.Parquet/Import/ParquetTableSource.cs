using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Fills blocks of columns from a Parquet file of any origin: integers and floats widen, times become UTC microseconds.</summary>
internal sealed class ParquetTableSource
{
    private const long NanosecondsPerMicrosecond = 1000;

    private readonly DuckDbSession _session;
    private readonly TableImport _import;
    private readonly bool[] _notNull;
    private readonly SourceZone? _zone;

    public ParquetTableSource(DuckDbSession session, TableImport import, bool[] notNull)
    {
        _session = session;
        _import = import;
        _notNull = notNull;
        _zone = SourceZone.Parse(import.TimeZone);
    }

    /// <summary>Fills the buffers block after block; each number is the rows of one block.</summary>
    public IEnumerable<int> ReadBlocks(ColumnBuffer[] columns, CancellationToken cancellationToken)
    {
        var (scan, types) = Describe(cancellationToken);
        var expressions = _import.Columns.Select(column => ExpressionOf(column, types)).ToList();
        var (isNaive, isNano) = (Flags(types, ColumnTypes.IsNaiveTime), Flags(types, static type => type == "TIMESTAMP_NS"));

        // Behind the values, whether a list has a null among its elements.
        var lists = _import.Columns.Index().Where(static item => ColumnTypes.IsList(ColumnTypes.KindOf(item.Item.Type))).Select(static item => item.Index).ToList();
        var faults = lists.Select(index => ColumnTypes.HasNullElement(expressions[index]));
        using var rows = Open($"SELECT {string.Join(", ", expressions.Concat(faults))} FROM {scan}", cancellationToken);
        var (filled, number) = (0, 0L);
        while (ReadNext(rows))
        {
            number++;
            for (var index = 0; index < columns.Length; index++)
            {
                SetValue(rows, index, columns[index], filled, number, isNaive[index], isNano[index]);
            }

            for (var index = 0; index < lists.Count; index++)
            {
                if (rows.GetBool(columns.Length + index))
                {
                    throw ImportFailure.NullElement(_import.Path, number, columns[lists[index]].Name);
                }

                columns[lists[index]].Set(filled, rows.GetValue(lists[index], _import.Columns[lists[index]].Type));
            }

            if (++filled == ColumnBuffer.BlockRows)
            {
                yield return filled;
                filled = 0;
            }
        }

        if (filled > 0)
        {
            yield return filled;
        }
    }

    private bool[] Flags(Dictionary<string, string> types, Func<string, bool> test) =>
        [.. _import.Columns.Select(column => column.Type == FeatureType.Timestamp && test(types[column.Name]))];

    /// <summary>What the engine reads the file by, and the engine's types of its columns.</summary>
    public (string Scan, Dictionary<string, string> Types) Describe(CancellationToken cancellationToken)
    {
        var scan = Sql.Scan([_import.Path]);
        try
        {
            return (scan, _session.Describe(scan, cancellationToken));
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            throw Unreadable(exception);
        }
    }

    /// <summary>Rows of the file, as its footer says.</summary>
    public long CountRows(CancellationToken cancellationToken)
    {
        using var rows = Open($"SELECT num_rows::BIGINT FROM parquet_file_metadata({Sql.List([_import.Path])})", cancellationToken);
        return ReadNext(rows) ? rows.GetInt64(0) : 0;
    }

    private DuckDbRows Open(string statement, CancellationToken cancellationToken)
    {
        try
        {
            return _session.Query(statement, cancellationToken);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            throw Unreadable(exception);
        }
    }

    private bool ReadNext(DuckDbRows rows)
    {
        try
        {
            return rows.Read();
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            throw Unreadable(exception);
        }
    }

    private FeatureException Unreadable(FeatureException exception)
    {
        // What its first and last bytes tell, they tell better than the engine.
        ParquetFile.Require(_import.Path);
        return ParquetFile.Damaged(_import.Path, exception);
    }

    private string ExpressionOf(OfflineColumn column, Dictionary<string, string> types)
    {
        if (!types.TryGetValue(column.Name, out var type))
        {
            throw ImportFailure.MissingColumn(_import.Path, column.Name, types.Keys);
        }

        if (column.Type == FeatureType.Timestamp && ColumnTypes.IsNaiveTime(type))
        {
            if (_zone is null)
            {
                throw ImportFailure.File(
                    _import.Path,
                    $"column '{column.Name}' holds times without a zone ({type}); expected times adjusted to UTC, or a time zone declared for this import.");
            }

            var time = $"CAST({Sql.Name(column.Name)} AS TIMESTAMP)";
            return ColumnTypes.WithInfinities(type == "TIMESTAMP_NS" ? $"epoch_ns({Sql.Name(column.Name)})" : $"epoch_us({time})", time);
        }

        return (column.Type == FeatureType.Timestamp ? ColumnTypes.ConvertTime(column.Name, type) : ColumnTypes.Convert(column.Name, type, column.Type))
            ?? throw ImportFailure.File(_import.Path, $"column '{column.Name}' is {type}; expected {ColumnTypes.Describe(column.Type)}.");
    }

    private void SetValue(DuckDbRows rows, int index, ColumnBuffer column, int row, long number, bool isNaive, bool isNano)
    {
        if (rows.IsNull(index))
        {
            if (_notNull[index])
            {
                throw ImportFailure.NoValue(_import.Path, "row", number, column.Name, _import.Columns[index].Type);
            }

            column.SetNull(row);
            return;
        }

        switch (column.Kind)
        {
            case ColumnKind.Bool:
                column.SetBits(row, rows.GetBool(index) ? 1 : 0);
                break;
            case ColumnKind.Float32:
                column.SetFloat(row, rows.GetFloat(index));
                break;
            case ColumnKind.Float64:
                column.SetDouble(row, rows.GetDouble(index));
                break;
            case ColumnKind.String:
                column.SetText(row, rows.GetString(index));
                break;
            case ColumnKind.Bytes:
                column.SetBytes(row, rows.GetBytes(index));
                break;
            case ColumnKind.Timestamp when isNaive:
                column.SetBits(row, ToUtc(rows.GetInt64(index), column.Name, number, isNano));
                break;
            case ColumnKind.Timestamp:
                column.SetBits(row, Checked(rows.GetInt64(index), rows.GetInt64(index), column.Name, number));
                break;
            case ColumnKind.Int64List or ColumnKind.Float64List or ColumnKind.StringList:
                // Set once it is known that no element is null.
                break;
            default:
                column.SetBits(row, rows.GetInt64(index));
                break;
        }

        if (_notNull[index] && !column.IsFinite(row))
        {
            throw ImportFailure.NotFinite(_import.Path, "row", number, column.Name, Encoding.UTF8.GetBytes(rows.GetValue(index, _import.Columns[index].Type).ToString()!));
        }
    }

    /// <param name="shown">The time as the file has it.</param>
    private long Checked(long time, long shown, string column, long number) => UnixMicroseconds.IsOfCalendar(time)
        ? time
        : throw ImportFailure.Value(
            _import.Path, "row", number, column, Encoding.UTF8.GetBytes(UnixMicroseconds.IsOfCalendar(shown) ? UnixMicroseconds.ToText(shown).TrimEnd('Z') : ColumnTypes.ShowNoTime(shown)),
            UnixMicroseconds.ExpectedTime);

    private long ToUtc(long time, string column, long number, bool isNano)
    {
        // Floored, so that a time is never moved across a boundary into the future.
        var local = !isNano || time is long.MaxValue or -long.MaxValue ? time : (time / NanosecondsPerMicrosecond) - (time % NanosecondsPerMicrosecond < 0 ? 1 : 0);
        return _zone!.TryToUtc(Checked(local, local, column, number), out var utc)
            ? Checked(utc, local, column, number)
            : throw ImportFailure.Value(
                _import.Path, "row", number, column, Encoding.UTF8.GetBytes(UnixMicroseconds.ToText(local).TrimEnd('Z')),
                "a time that exists in the declared time zone (its clocks were put forward over this one)");
    }
}
