using System.Security.Cryptography;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The spine of a training set, checked against its request and copied into the engine: row n of the table is row n of the spine.</summary>
/// <remarks>Columns: <c>q</c>, <c>k0...</c> (keys), <c>r0...</c> (request values), <c>p0...</c> (handed through); times as BIGINT microseconds.</remarks>
internal sealed class SpineTable
{
    public const string Name = "spine";

    private readonly TrainingSetRequest _request;
    private readonly TableFiles _table;
    private readonly List<string> _expressions = [];
    private readonly List<EntityKey> _keys = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<(string Source, string Column)> _lists = [];

    private SpineTable(TrainingSetRequest request, TableFiles table)
    {
        _request = request;
        _table = table;
        _expressions.Add($"{Convert(request.TimeColumn, FeatureType.Timestamp)} AS q");
        foreach (var key in request.Plan.Entities.SelectMany(static entity => entity.Keys).Distinct())
        {
            var column = ColumnOf(request.KeyColumns, key.Name)
                ?? throw Refuse($"no spine column is given for the key '{key.Name}', and there is none of that name; expected one for every key of the service's entities");
            _expressions.Add($"{Convert(column, key.Type)} AS k{_keys.Count}");
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

    public static SpineTable Create(DuckDbSession session, TableFolder tables, TrainingSetRequest request, CancellationToken cancellationToken)
    {
        var table = TableFiles.Open(session, tables.FilesOfSpine(request.Plan.Service.Project, request.Spine), cancellationToken);
        var spine = new SpineTable(request, table);
        table.Require(spine._used, []);
        session.Execute(
            $"CREATE TABLE {Name} AS SELECT {string.Join(", ", spine._expressions)} FROM {table.Scan}{spine.Where()}", cancellationToken);
        var lists = string.Concat(spine._lists.Select(static list => $", min(rowid) FILTER ({ColumnTypes.HasNullElement(list.Column)})"));
        using var rows = session.Query($"SELECT count(*), min(rowid) FILTER (q IS NULL){lists} FROM {Name}", cancellationToken);
        rows.Read();
        spine.Rows = rows.GetInt64(0);
        if (!rows.IsNull(1))
        {
            throw spine.Refuse($"column '{request.TimeColumn}' is null in row {rows.GetInt64(1) + 1}; expected the moment of the read in every row");
        }

        for (var index = 0; index < spine._lists.Count; index++)
        {
            if (!rows.IsNull(index + 2))
            {
                throw spine.Refuse($"column '{spine._lists[index].Source}' holds a list with a null element in row {rows.GetInt64(index + 2) + 1}; expected lists without nulls");
            }
        }

        return spine;
    }

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
        _expressions.Add($"{Convert(column, type)} AS {name}");
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
                : $"column '{column}' is {engineType}; expected {ColumnTypes.Describe(type)}");
    }

    private string TypeOf(string column) => _table.Types.TryGetValue(column, out var type) && (_used.Add(column) || _used.Contains(column))
        ? type
        : throw Refuse($"there is no column '{column}'; its columns are {string.Join(", ", _table.Types.Keys)}");

    private FeatureException Refuse(string problem) => new(FeatureError.InvalidInput, $"Spine '{_request.Spine}': {problem}.");
}
