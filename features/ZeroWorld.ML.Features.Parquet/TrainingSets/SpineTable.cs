using System.Security.Cryptography;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The spine of a training set, checked against its request.</summary>
/// <remarks>
/// Columns: <c>q</c>, <c>k0...</c> (keys), <c>r0...</c> (request values), <c>p0...</c> (handed through); times as BIGINT microseconds. Rows are read from its files,
/// in their order, as often as they are needed. Where the engine is asked for them by more than that (windowed views, a filter, lists), it holds a copy: row n of
/// the table <see cref="Name"/> is row n of the spine.
/// </remarks>
internal sealed class SpineTable
{
    public const string Name = "spine";

    private const string TimeColumn = "q";

    private readonly TrainingSetRequest _request;
    private readonly TableFiles _table;
    private readonly Dictionary<string, string> _columns = new(StringComparer.Ordinal);
    private readonly List<EntityKey> _keys = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<(string Source, string Column)> _lists = [];
    private IReadOnlyList<SourceSlice> _slices = [];

    private SpineTable(TrainingSetRequest request, TableFiles table)
    {
        _request = request;
        _table = table;
        _ = Convert(request.TimeColumn, FeatureType.Timestamp);
        _columns.Add(TimeColumn, ColumnTypes.ConvertTime(request.TimeColumn, TypeOf(request.TimeColumn))!);
        foreach (var key in request.Plan.Entities.SelectMany(static entity => entity.Keys).Distinct())
        {
            var column = ColumnOf(request.KeyColumns, key.Name)
                ?? throw Refuse($"no spine column is given for the key '{key.Name}', and there is none of that name; expected one for every key of the service's entities");
            _columns.Add($"k{_keys.Count}", Convert(column, key.Type));
            _keys.Add(key);
        }

        var values = request.Plan.Service.RequestValues;
        RequestOrdinals = new int[values.Count];
        for (var index = 0; index < values.Count; index++)
        {
            RequestOrdinals[index] = -1;
            if (ColumnOf(request.RequestColumns, values[index].Name) is { } column)
            {
                RequestOrdinals[index] = index;
                Add(column, values[index].Type, $"r{index}");
            }
            else if (values[index].Default.IsNull)
            {
                throw Refuse($"no spine column is given for the request value '{values[index].Name}', which has no default, and there is none of that name");
            }
        }

        PassThroughTypes = new FeatureType[request.PassThrough.Count];
        for (var index = 0; index < request.PassThrough.Count; index++)
        {
            var column = request.PassThrough[index];
            var type = ColumnTypes.FeatureTypeOf(TypeOf(column))
                ?? throw Refuse($"column '{column}' is {TypeOf(column)}, which cannot be handed through; expected a bool, number, string, bytes, a time in UTC or a list");
            PassThroughTypes[index] = type;
            Add(column, type, $"p{index}");
        }
    }

    public long Rows { get; private set; }

    /// <summary>SHA-256 of the bytes of the spine's files, one after the other, lower-case hex.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (var file in _table.Files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                hash.AppendData(buffer, 0, read);
            }
        }

        return System.Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Per request value its index when the spine has it, or -1: then its default counts.</summary>
    public int[] RequestOrdinals { get; }

    public FeatureType[] PassThroughTypes { get; }

    /// <param name="sliceRows">Rows that one thread reads at a time.</param>
    public static SpineTable Create(DuckDbSession session, TableFolder tables, TrainingSetRequest request, long sliceRows, CancellationToken cancellationToken)
    {
        var table = TableFiles.Open(session, tables.FilesOfSpine(request.Plan.Service.Project, request.Spine), cancellationToken);
        var spine = new SpineTable(request, table);
        table.Require(spine._used, []);
        if (spine.IsInEngine)
        {
            spine.Copy(session, sliceRows, cancellationToken);
        }
        else
        {
            spine._slices = table.Slice(session, sliceRows, cancellationToken);
            spine.Rows = spine._slices.Sum(static slice => slice.Rows);
        }

        return spine;
    }

    private bool IsInEngine => _request.Filter is not null || _lists.Count > 0 || _request.Plan.Views.Any(static view => view.Field.IsWindow);

    private void Copy(DuckDbSession session, long sliceRows, CancellationToken cancellationToken)
    {
        session.Execute(
            $"CREATE TABLE {Name} AS SELECT {string.Join(", ", _columns.Select(static column => $"{column.Value} AS {column.Key}"))} FROM {_table.Scan}{Where()}", cancellationToken);
        var lists = string.Concat(_lists.Select(static list => $", min(rowid) FILTER ({ColumnTypes.HasNullElement(list.Column)})"));
        using var rows = session.Query($"SELECT count(*), min(rowid) FILTER ({TimeColumn} IS NULL){lists} FROM {Name}", cancellationToken);
        rows.Read();
        Rows = rows.GetInt64(0);
        _slices = SourceSlice.Cut([(Name, Rows)], sliceRows);
        if (!rows.IsNull(1))
        {
            throw RefuseNullTime(rows.GetInt64(1));
        }

        for (var index = 0; index < _lists.Count; index++)
        {
            if (!rows.IsNull(index + 2))
            {
                throw Refuse($"column '{_lists[index].Source}' holds a list with a null element in row {rows.GetInt64(index + 2) + 1}; expected lists without nulls");
            }
        }
    }

    /// <summary>Pieces of a range, in the order of its rows.</summary>
    public IEnumerable<SourceSlice> SlicesOf(SpineRange range) => _slices.SelectMany(slice => slice.Within(range.First, range.First + range.Count));

    /// <summary>Reads a slice in the order of its rows; the engine uses one thread for it.</summary>
    /// <param name="columns">Names of columns, beside the time.</param>
    /// <param name="withTimes">Whether the time is read; in its place is 0 where it is not.</param>
    public SpineRows Read(DuckDbSession session, SourceSlice slice, IEnumerable<string> columns, bool withTimes, CancellationToken cancellationToken) =>
        new(session.QueryVectors(Statement(slice, columns, withTimes), cancellationToken), slice, this);

    /// <summary>Reads rows of a range with their times, in no order, by all threads of the engine.</summary>
    /// <param name="columns">Names of columns, beside the time.</param>
    /// <param name="visit">Called with the number of some rows' first one in the range, and with the rows as <see cref="SpineRows"/> has them; from several threads.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a row has no time or one that is none of the calendar, or the files are other ones by now.</exception>
    public void Visit(DuckDbSession session, SpineRange range, IReadOnlyList<string> columns, Action<int, DuckDbChunk> visit, CancellationToken cancellationToken)
    {
        var found = 0L;
        foreach (var slice in SourceSlice.Join(SlicesOf(range)))
        {
            session.Visit(
                Statement(slice, columns, withTimes: true),
                (rows, _) =>
                {
                    if (rows.Count == 0)
                    {
                        return;
                    }

                    var first = SpineRows.Require(rows, slice, this) - range.First;
                    if (first < 0 || first + rows.Count > range.Count)
                    {
                        throw RefuseMissing(range.First);
                    }

                    visit((int)first, rows);
                    Interlocked.Add(ref found, rows.Count);
                },
                cancellationToken);
        }

        if (found != range.Count)
        {
            throw RefuseMissing(range.First + found);
        }
    }

    private string Statement(SourceSlice slice, IEnumerable<string> columns, bool withTimes)
    {
        // Times as the engine holds them: microseconds.
        var time = withTimes ? IsInEngine ? TimeColumn : Sql.Name(_request.TimeColumn) : "0::BIGINT";
        return IsInEngine
            ? $"SELECT rowid, 0::BIGINT, {string.Join(", ", columns.Prepend(time))} FROM {Name}{slice.Condition("rowid")}"
            : _table.SliceStatement(slice, columns.Select(name => _columns[name]).Prepend(time));
    }

    public FeatureException RefuseNullTime(long row) =>
        Refuse($"column '{_request.TimeColumn}' is null in row {row + 1}; expected the moment of the read in every row");

    public FeatureException RefuseTime(long row, long time) =>
        Refuse($"column '{_request.TimeColumn}' is '{ColumnTypes.ShowNoTime(time)}' in row {row + 1}; expected {UnixMicroseconds.ExpectedTime}");

    public FeatureException RefuseMissing(long row) => Refuse($"row {row + 1} is not there any more; expected files that stay as they are while they are read");

    /// <summary>Index of a key's column.</summary>
    public int IndexOf(EntityKey key) => _keys.IndexOf(key);

    private string Where()
    {
        if (_request.Filter is not { } filter)
        {
            return string.Empty;
        }

        var time = Convert(filter.Column, FeatureType.Timestamp);
        return $" WHERE {time} >= {Sql.Number(filter.From)} AND {time} < {Sql.Number(filter.To)}";
    }

    // The one that is given; else one of the same name.
    private string? ColumnOf(IReadOnlyDictionary<string, string> given, string name) =>
        given.TryGetValue(name, out var column) ? column : _table.Types.ContainsKey(name) ? name : null;

    private void Add(string column, FeatureType type, string name)
    {
        _columns.Add(name, Convert(column, type));
        if (ColumnTypes.IsList(ColumnTypes.KindOf(type)))
        {
            _lists.Add((column, name));
        }
    }

    private string Convert(string column, FeatureType type)
    {
        var engineType = TypeOf(column);
        return ColumnTypes.Convert(column, engineType, type)
            ?? throw Refuse(type == FeatureType.Timestamp && ColumnTypes.IsNaiveTime(engineType)
                ? $"column '{column}' holds times without a zone ({engineType}); expected times adjusted to UTC (an import with a declared zone makes them)"
                : type == FeatureType.Timestamp && engineType == "VARCHAR"
                    ? $"column '{column}' holds texts; expected times (of a CSV file, times without a zone are imported as texts unless --time-zone declares one)"
                    : $"column '{column}' is {engineType}; expected {ColumnTypes.Describe(type)}");
    }

    private string TypeOf(string column) => _table.Types.TryGetValue(column, out var type) && (_used.Add(column) || _used.Contains(column))
        ? type
        : throw Refuse($"there is no column '{column}'; its columns are {string.Join(", ", _table.Types.Keys)}");

    private FeatureException Refuse(string problem) => new(FeatureError.InvalidInput, $"Spine '{_request.Spine}': {problem}.");
}
