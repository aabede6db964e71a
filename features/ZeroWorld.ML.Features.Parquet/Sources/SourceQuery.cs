using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The source table of a view, checked against the view, as pieces of statements.</summary>
/// <remarks>Immutable and thread safe. Times are BIGINT microseconds, keys and values have the types that the view declares.</remarks>
internal sealed class SourceQuery
{
    private readonly FeatureView _view;
    private readonly TableFiles _table;
    private readonly string[] _keys;
    private readonly string[] _values;
    private readonly string _columns;
    private readonly string _rows;
    private readonly string _visible;
    private readonly string? _filter;

    private SourceQuery(FeatureView view, TableFiles table)
    {
        _view = view;
        _table = table;
        var source = view.Source;
        HasCreatedTime = source.CreatedTimeColumn is not null;
        HasEventId = source.EventIdColumn is not null && view is WindowedView;
        HasIntegerEventId = HasEventId && ColumnTypes.FeatureTypeOf(TypeOf(source.EventIdColumn!)) == FeatureType.Int64;
        var keys = view.Entity.Keys.Select((key, index) => $"{Convert(source.KeyColumns[index], key.Type)} AS k{index}");
        var values = view.StoredColumns.Select((column, index) => $"{ValueOf(column)} AS v{index}");
        var eventTime = ConvertTime(source.EventTimeColumn);
        var createdTime = HasCreatedTime ? ConvertTime(source.CreatedTimeColumn!) : eventTime;
        var id = !HasEventId ? "NULL" : Convert(source.EventIdColumn!, HasIntegerEventId ? FeatureType.Int64 : FeatureType.String);
        _keys = [.. keys];
        _values = [.. values];
        var columns = string.Join(", ", _keys.Concat(_values));
        _columns = $"{eventTime} AS event, {createdTime} AS created, {id} AS id, {columns}";
        _filter = source.Filter is { } filter ? table.Session.FilterBy(filter, filter.Columns.Select(ValueOf)) : null;
        _rows = $"(SELECT {_columns}, filename, file_index, file_row_number FROM {table.Scan}{(_filter is null ? string.Empty : $" WHERE {_filter}")})";
        _visible = $"{IsKeyed} AND NOT {Quarantined}";
    }

    public bool HasCreatedTime { get; }

    public bool HasEventId { get; }

    public bool HasIntegerEventId { get; }

    private string IsKeyed => string.Join(" AND ", _view.Entity.Keys.Select(static (_, index) => $"k{index} IS NOT NULL"));

    private string Quarantined => HasCreatedTime
        ? $"(event > created + {Sql.Number(UnixMicroseconds.FromTimeSpan(_view.Source.AllowedSkew))})"
        : "false";

    private string IsOfNoTime => HasCreatedTime ? $"({ColumnTypes.IsNoTime("event")} OR {ColumnTypes.IsNoTime("created")})" : ColumnTypes.IsNoTime("event");

    private string Arrival => HasCreatedTime ? "greatest(event, created)" : "event";

    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: a column is missing or of another type than the view needs.
    /// </exception>
    public static SourceQuery Create(DuckDbSession session, TableFolder tables, FeatureView view, CancellationToken cancellationToken)
    {
        CheckHistory(view);
        return Create(TableFiles.Open(session, tables.FilesOf(view.Project, view.Source.Table), cancellationToken), view);
    }

    /// <summary>As the other one, for a table that several views read.</summary>
    public static SourceQuery Create(TableFiles table, FeatureView view)
    {
        CheckHistory(view);
        var needed = new[] { view.Source.CreatedTimeColumn, view is WindowedView ? view.Source.EventIdColumn : null }.OfType<string>();
        var absences = table.Require([view.Source.EventTimeColumn, .. view.Source.KeyColumns, .. needed], view.ValueColumns.Select(static column => column.Name));
        return new SourceQuery(view, table) { Absences = absences };
    }

    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>: only pushes feed the view.</exception>
    public static void CheckHistory(FeatureView view)
    {
        if (view.Source.IsPushOnly)
        {
            throw new FeatureException(
                FeatureError.NotFound,
                $"Feature view '{view.Name}' is fed by pushes alone ('push: true'): there is no table of its history to join. Expected a view of a table; import one, and leave 'push' out.");
        }
    }

    public string Table => _view.Source.Table;

    public FeatureView View => _view;

    /// <summary>The table's columns that make the key, for messages.</summary>
    public string KeyNames => string.Join(", ", _view.Source.KeyColumns);

    /// <summary>The first row without a value in a key, for messages; there is one.</summary>
    public string FirstNullKey(DuckDbSession session) => PlaceOfFirst(session, $"NOT ({IsKeyed})");

    /// <summary>A sentence for each file that lacks a column of the view, whose rows have no value there.</summary>
    public IReadOnlyList<string> Absences { get; private init; } = [];

    /// <summary>Refuses an event id whose width differs from what the stored form was made for.</summary>
    public void CheckField(StorageField field)
    {
        if (HasEventId && HasIntegerEventId != (field.EventIdWidth == sizeof(long)))
        {
            throw Refuse(
                $"column '{_view.Source.EventIdColumn}' is {TypeOf(_view.Source.EventIdColumn!)}; expected {(HasIntegerEventId ? "a string" : "an int64")}, as the view's stored form has it");
        }
    }

    /// <summary>Counts and bounds of what features may see; refuses rows that lack what identifies them in time.</summary>
    public SourceExtent Inspect(DuckDbSession session, CancellationToken cancellationToken)
    {
        const int FirstQualityOrdinal = 10;
        var quality = new QualityQuery(_view, static index => $"v{index}");
        using var rows = session.Query(
            $"""
            SELECT count(*) FILTER (event IS NULL), count(*) FILTER (created IS NULL), count(*) FILTER ({(HasEventId ? "id IS NULL" : "false")}),
                count(*) FILTER ({Quarantined}), count(*) FILTER ({_visible}), min(event) FILTER ({_visible}), max(event) FILTER ({_visible}),
                max({Arrival}) FILTER ({_visible}), count(*) FILTER (NOT ({IsKeyed})), count(*) FILTER ({IsOfNoTime}){string.Concat(quality.Expressions(_visible).Select(static expression => $", {expression}"))}
            FROM {_rows}
            """,
            cancellationToken);
        rows.Read();
        RefuseNulls(session, rows.GetInt64(0), "event time", _view.Source.EventTimeColumn, "event");
        RefuseNulls(session, rows.GetInt64(1), "created time", _view.Source.CreatedTimeColumn, "created");
        RefuseNulls(session, rows.GetInt64(2), "event id", _view.Source.EventIdColumn, "id");
        RefuseNoTimes(session, rows.GetInt64(9));
        return new SourceExtent(rows.GetInt64(4), rows.GetInt64(3), Optional(rows, 5), Optional(rows, 6), Optional(rows, 7))
        {
            Quality = quality.Read(rows, FirstQualityOrdinal),
            NullKeys = rows.GetInt64(8),
        };
    }

    /// <summary>As <see cref="Inspect"/>, by the columns as the files have them: the engine answers from the statistics of the files where these tell it.</summary>
    /// <returns><see langword="null"/>: every row must be looked at, since some lack a value, have a time that is none, arrive at a time of their own or have values that are counted.</returns>
    public SourceExtent? TryInspectByStatistics(DuckDbSession session, CancellationToken cancellationToken)
    {
        if (HasCreatedTime || _filter is not null || new QualityQuery(_view, static index => $"v{index}").IsWanted)
        {
            return null;
        }

        var time = Sql.Name(_view.Source.EventTimeColumn);
        string[] needed = [_view.Source.EventTimeColumn, .. _view.Source.KeyColumns, .. HasEventId ? [_view.Source.EventIdColumn!] : Array.Empty<string>()];
        using var rows = session.Query(
            $"""
            SELECT total, {ColumnTypes.ConvertTime("first", TypeOf(_view.Source.EventTimeColumn))}, {ColumnTypes.ConvertTime("last", TypeOf(_view.Source.EventTimeColumn))},
                {string.Join(" AND ", needed.Select(static (_, index) => $"n{index} = total"))}
            FROM (SELECT count(*) AS total, min({time}) AS first, max({time}) AS last, {string.Join(", ", needed.Select(static (column, index) => $"count({Sql.Name(column)}) AS n{index}"))} FROM {_table.Scan})
            """,
            cancellationToken);
        rows.Read();
        var (first, last) = (Optional(rows, 1), Optional(rows, 2));
        return rows.GetBool(3) && UnixMicroseconds.IsOfCalendar(first ?? 0) && UnixMicroseconds.IsOfCalendar(last ?? 0)
            ? new SourceExtent(rows.GetInt64(0), 0, first, last, last)
            : null;
    }

    /// <summary>Makes a table of the distinct keys of the source; the number of an entity is its row there.</summary>
    public string CreateKeysStatement(string keysTable) =>
        $"CREATE TABLE {keysTable} AS SELECT DISTINCT {string.Join(", ", _view.Entity.Keys.Select(static (_, index) => $"k{index}"))} FROM {_rows} WHERE {_visible}";

    /// <summary>
    /// Rows of whole entities, partition by partition and entity by entity: partition, event time, created time, event id, values, keys. Within an entity
    /// in order of arrival where <paramref name="inArrivalOrder"/>; rows that arrived together keep the order of the table. An entity is of the same partition on
    /// every machine and in every build. The session knows <see cref="PartitionFunction"/>.
    /// </summary>
    /// <param name="range">Which rows.</param>
    /// <param name="files">Only what these files hold; <see langword="null"/>: everything.</param>
    /// <param name="wholeEntities">Of the entities that are in those files everything, whatever file it is in.</param>
    public string HistoryStatement(MaterializationRange range, bool inArrivalOrder, IReadOnlyList<string>? files, bool wholeEntities) =>
        $"SELECT CAST(bucket AS BIGINT), {HistoryColumns} FROM ({HistoryRows(range, inArrivalOrder, files, wholeEntities)}) ORDER BY {HistoryOrder(inArrivalOrder)}";

    /// <summary>As <see cref="HistoryStatement"/>, in no order: the partition as UTINYINT, the same columns, and the place in the table where <paramref name="inArrivalOrder"/>.</summary>
    public string UnorderedStatement(MaterializationRange range, bool inArrivalOrder, IReadOnlyList<string>? files, bool wholeEntities) =>
        Unordered(HistoryRows(range, inArrivalOrder, files, wholeEntities), inArrivalOrder);

    /// <summary>As <see cref="UnorderedStatement"/>, of one slice of the table.</summary>
    public string UnorderedSliceStatement(MaterializationRange range, bool inArrivalOrder, SourceSlice slice)
    {
        var before = Sql.Number(_table.Files.TakeWhile(file => file != slice.Files[0]).Count());
        var rows = $"(SELECT {_columns}, '' AS filename, file_index + {before} AS file_index, file_row_number FROM {_table.ScanOf(slice.Files)}{slice.Condition("file_row_number", _filter)})";
        return Unordered(HistoryRows(range, inArrivalOrder, files: null, wholeEntities: false, rows), inArrivalOrder);
    }

    // The number of the file above that of the row: no file has 2^40 rows.
    private string Unordered(string rows, bool inArrivalOrder)
    {
        var place = !inArrivalOrder ? string.Empty : _table.Files.Count > 1 ? ", (CAST(file_index AS BIGINT) << 40) + file_row_number" : ", file_row_number";
        return $"SELECT bucket, {HistoryColumns}{place} FROM ({rows})";
    }

    /// <summary>How the rows of <see cref="UnorderedStatement"/> are held.</summary>
    public RowLayout Layout(bool inArrivalOrder) => new(_view, !HasEventId ? null : HasIntegerEventId ? FeatureType.Int64 : FeatureType.String, HasCreatedTime, inArrivalOrder);

    private string HistoryColumns =>
        $"event, created, id, {string.Concat(_view.StoredColumns.Select(static (_, index) => $"v{index}, "))}{Keys}";

    private string Keys => string.Join(", ", _view.Entity.Keys.Select(static (_, index) => $"k{index}"));

    private string HistoryOrder(bool inArrivalOrder) => $"bucket, {Keys}" + (!inArrivalOrder
        ? string.Empty
        : $", {(HasCreatedTime ? $"{Arrival}, event, created" : "event")}{(_table.Files.Count > 1 ? ", filename" : string.Empty)}, file_row_number");

    // No column more than the sort needs: what it carries along is most of its cost.
    private string HistoryRows(MaterializationRange range, bool inArrivalOrder, IReadOnlyList<string>? files, bool wholeEntities, string? rows = null)
    {
        var partition = PartitionFunction.Expression([.. _view.Entity.Keys.Select(static (key, index) => ($"k{index}", key.Type))]);
        var after = range.ArrivedAfter == long.MinValue ? string.Empty : $" AND {Arrival} > {Sql.Number(range.ArrivedAfter)}";
        var place = !inArrivalOrder ? string.Empty : _table.Files.Count > 1 ? ", filename, file_index, file_row_number" : ", file_row_number";
        var among = files is not null && wholeEntities ? $" SEMI JOIN (SELECT {Keys} FROM {_rows} WHERE {_visible}{Among(files)}) USING ({Keys})" : string.Empty;
        var where = range.Partitions is null || range.Partitions.Count == MaterializationLedger.PartitionCount
            ? string.Empty
            : $" WHERE bucket IN ({string.Join(", ", range.Partitions)})";

        // The partition as one byte: keys of a sort that fit into 32 bytes are sorted several times as fast.
        return $"""
            SELECT * FROM (
                SELECT event, created, id, {string.Concat(_view.StoredColumns.Select(static (_, index) => $"v{index}, "))}{Keys}{place},
                    {partition} AS bucket
                FROM {rows ?? _rows}{among} WHERE {_visible} AND {Arrival} <= {Sql.Number(range.ArrivedUntil)}{after}{(wholeEntities ? string.Empty : Among(files))}){where}
            """;
    }

    // Names as the engine tells them: as they were given, or whole.
    private static string Among(IReadOnlyList<string>? files) =>
        files is null ? string.Empty : $" AND filename IN ({string.Join(", ", files.Concat(files.Select(Path.GetFullPath)).Distinct().Select(Sql.Text))})";

    /// <summary>
    /// Rows of the entities in <paramref name="keysTable"/>, entity by entity: number, event time, created time, event id, values, keys. Within an entity
    /// in order of arrival where <paramref name="inArrivalOrder"/>; rows that arrived together keep the order of the table.
    /// </summary>
    /// <param name="arrivedUntil">Inclusive.</param>
    /// <param name="knownUntil">The latest created time, inclusive.</param>
    /// <param name="where">A further condition on the entity's number, or empty.</param>
    public string RowsStatement(string keysTable, long arrivedUntil, long knownUntil, bool inArrivalOrder, string where)
    {
        var keys = _view.Entity.Keys.Select(static (_, index) => $"s.k{index}");
        var values = _view.StoredColumns.Select(static (_, index) => $"s.v{index}");
        var on = string.Join(" AND ", _view.Entity.Keys.Select(static (_, index) => $"s.k{index} = k.k{index}"));
        var order = !inArrivalOrder
            ? string.Empty
            : $", {(HasCreatedTime ? $"{Arrival}, s.event, s.created" : "s.event")}{(_table.Files.Count > 1 ? ", s.filename" : string.Empty)}, s.file_row_number";
        return $"""
            SELECT k.rowid AS entity, s.event, s.created, s.id, {string.Join(", ", values.Concat(keys))}
            FROM (SELECT * FROM {_rows} WHERE {_visible} AND {Arrival} <= {Sql.Number(arrivedUntil)} AND created <= {Sql.Number(knownUntil)}) s JOIN {keysTable} k ON {on}
            {where}
            ORDER BY entity{order}
            """;
    }

    /// <summary>Pieces of the table for threads that scan it side by side.</summary>
    public IReadOnlyList<SourceSlice> Slice(DuckDbSession session, long rowsMax, CancellationToken cancellationToken) => _table.Slice(session, rowsMax, cancellationToken);

    /// <summary>
    /// Every row of a slice that the view's filter lets pass, in no order: its number in its file, which file of the slice it is in, then where asked for event time, created time and keys, then
    /// the values of the given columns.
    /// </summary>
    public string SliceStatement(SourceSlice slice, IEnumerable<string> expressions) => _table.SliceStatement(slice, expressions, _filter);

    /// <summary>Event time, created time and keys of a row, for <see cref="SliceStatement"/>. Times as the engine holds them: microseconds.</summary>
    public IEnumerable<string> Identity => [.. new[] { _view.Source.EventTimeColumn, _view.Source.CreatedTimeColumn ?? _view.Source.EventTimeColumn }.Select(Sql.Name), .. _keys];

    /// <summary>Equal for sources whose rows are the same ones, at the same times, of the same keys of one entity: one search serves them all.</summary>
    public string RowIdentity => string.Join('\n', Identity.Prepend(_view.Source.AllowedSkew.ToString()).Prepend(_view.Source.Table).Prepend(_view.Entity.Name).Append(HasCreatedTime.ToString()).Append(_filter ?? string.Empty));

    /// <summary>The value of a stored column, for <see cref="SliceStatement"/>.</summary>
    public string ValueAt(int column) => _values[column];

    /// <summary>Bytes of a text or list beyond <see cref="SelectedRows.ValueBytes"/>, about: of the first rows of the table's files.</summary>
    /// <param name="expression">As <see cref="ValueAt"/> gives it.</param>
    public long MeanLength(DuckDbSession session, string expression, FeatureType type)
    {
        const int SampleRows = 2048;
        const int SampleFiles = 16;
        if (!ColumnTypes.IsOfBytes(ColumnTypes.KindOf(type)))
        {
            return 0;
        }

        // Some files, evenly: later ones may be of other texts.
        var files = _table.Files.Where((_, index) => index % (1 + (_table.Files.Count / SampleFiles)) == 0).ToArray();
        var value = expression[..expression.LastIndexOf(" AS ", StringComparison.Ordinal)];
        var length = type switch
        {
            FeatureType.String => $"strlen({value})",
            FeatureType.Bytes => $"octet_length({value})",
            FeatureType.StringList => $"strlen(array_to_string({value}, '    '))",
            _ => $"{sizeof(long)} * len({value})",
        };
        var means = files.Select(file => $"SELECT avg(length) AS mean FROM (SELECT {length} AS length FROM {_table.ScanOf([file])} LIMIT {Sql.Number(SampleRows)})");
        using var rows = session.Query($"SELECT CAST(coalesce(max(mean), 0) AS BIGINT) FROM ({string.Join(" UNION ALL ", means)})", CancellationToken.None);
        rows.Read();
        return rows.GetInt64(0);
    }

    /// <summary>Refuses what <see cref="Inspect"/> refuses, for rows that were counted elsewhere.</summary>
    public void CheckTimes(DuckDbSession session, long nullEvents, long nullCreated, long noTimes)
    {
        RefuseNulls(session, nullEvents, "event time", _view.Source.EventTimeColumn, "event");
        RefuseNulls(session, nullCreated, "created time", _view.Source.CreatedTimeColumn, "created");
        RefuseNoTimes(session, noTimes);
    }

    private string ValueOf(StoredColumn column) => _view is WindowedView && column.Type == FeatureType.Float64
        ? ColumnTypes.ConvertNumber(column.Name, TypeOf(column.Name))
            ?? throw Refuse($"column '{column.Name}'{_table.Place(column.Name, TypeOf(column.Name))} is {TypeOf(column.Name)}; expected a bool, an integer or a float to aggregate")
        : Convert(column.Name, column.Type);

    private string Convert(string column, FeatureType type) => ColumnTypes.Convert(column, TypeOf(column), type) ?? throw RefuseType(column, type);

    private string ConvertTime(string column) => ColumnTypes.ConvertTime(column, TypeOf(column)) ?? throw RefuseType(column, FeatureType.Timestamp);

    private FeatureException RefuseType(string column, FeatureType type) =>
        Refuse(type == FeatureType.Timestamp && ColumnTypes.IsNaiveTime(TypeOf(column))
            ? $"column '{column}'{_table.Place(column, TypeOf(column))} holds times without a zone ({TypeOf(column)}); expected times adjusted to UTC (an import with a declared zone makes them)"
            : $"column '{column}'{_table.Place(column, TypeOf(column))} is {TypeOf(column)}; expected {ColumnTypes.Describe(type)}");

    private string TypeOf(string column) => _table.Types.TryGetValue(column, out var type)
        ? type
        : throw Refuse($"there is no column '{column}'; its columns are {string.Join(", ", _table.Types.Keys)}");

    private void RefuseNulls(DuckDbSession session, long count, string role, string? column, string expression)
    {
        if (count == 0)
        {
            return;
        }

        throw Refuse($"column '{column}' is null in {count} rows; the first is {PlaceOfFirst(session, $"{expression} IS NULL")}. Expected a value in every row, since it is the {role}");
    }

    private void RefuseNoTimes(DuckDbSession session, long count)
    {
        if (count == 0)
        {
            return;
        }

        var isEvent = ColumnTypes.IsNoTime("event");
        using var rows = session.Query(
            $"SELECT {isEvent}, CASE WHEN {isEvent} THEN event ELSE created END FROM {_rows} WHERE {IsOfNoTime} ORDER BY filename, file_row_number LIMIT 1", CancellationToken.None);
        var (column, value) = !rows.Read() ? (_view.Source.EventTimeColumn, "gone by now")
            : (rows.GetBool(0) ? _view.Source.EventTimeColumn : _view.Source.CreatedTimeColumn, ColumnTypes.ShowNoTime(rows.GetInt64(1)));
        throw Refuse($"column '{column}' is '{value}' in {PlaceOfFirst(session, IsOfNoTime)}, the first of {count} such rows. Expected {UnixMicroseconds.ExpectedTime}");
    }

    private string PlaceOfFirst(DuckDbSession session, string condition)
    {
        using var rows = session.Query(
            $"SELECT filename, file_row_number FROM {_rows} WHERE {condition} ORDER BY filename, file_row_number LIMIT 1", CancellationToken.None);
        return rows.Read() ? $"row {rows.GetInt64(1) + 1} of file '{Path.GetFileName(rows.GetString(0))}'" : "gone by now";
    }

    private FeatureException Refuse(string problem) => new(
        FeatureError.InvalidInput, $"Table '{_view.Source.Table}' does not fit feature view '{_view.Name}': {problem}.");

    private static long? Optional(DuckDbRows rows, int ordinal) => rows.IsNull(ordinal) ? null : rows.GetInt64(ordinal);
}
