namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Loads columns of a Parquet file into memory, in the order of the file.</summary>
internal static class FrameLoader
{
    public static ColumnFrame Load(
        DuckDbSession session, string file, IReadOnlyList<string> columns, TimeFilter? filter, CancellationToken cancellationToken)
    {
        ParquetFile.Require(file);
        session.Reads([file]);
        var scan = Sql.Scan([file]);
        var types = session.Describe(scan, cancellationToken);
        var where = string.Empty;
        if (filter is not null)
        {
            var time = ExpressionOf(file, types, filter.Column, FeatureType.Timestamp);
            where = $" WHERE {time} >= {Sql.Number(filter.From)} AND {time} < {Sql.Number(filter.To)}";
        }

        var kinds = columns.Select(column => TypeOf(file, types, column)).ToArray();
        var frame = new ColumnFrame(CountRows(session, scan, where, file, cancellationToken));
        Array[] values = [.. kinds.Select(kind => Allocate(kind, frame.Rows))];
        var expressions = columns.Select((column, index) => ExpressionOf(file, types, column, kinds[index]));
        if (columns.Count > 0)
        {
            using var rows = session.Query($"SELECT {string.Join(", ", expressions)} FROM {scan}{where}", cancellationToken);
            for (var row = 0; rows.Read(); row++)
            {
                for (var index = 0; index < values.Length; index++)
                {
                    Set(rows, index, kinds[index], values[index], row);
                }
            }
        }

        for (var index = 0; index < values.Length; index++)
        {
            frame.Add(columns[index], values[index]);
        }

        return frame;
    }

    private static int CountRows(DuckDbSession session, string scan, string where, string file, CancellationToken cancellationToken)
    {
        using var rows = session.Query($"SELECT count(*) FROM {scan}{where}", cancellationToken);
        rows.Read();
        return rows.GetInt64(0) is <= int.MaxValue and var count
            ? (int)count
            : throw ImportFailure.File(file, $"has {rows.GetInt64(0)} rows; expected at most {int.MaxValue} to load.");
    }

    private static FeatureType TypeOf(string file, Dictionary<string, string> types, string column)
    {
        if (!types.TryGetValue(column, out var type))
        {
            throw new FeatureException(FeatureError.NotFound, $"File '{file}' has no column '{column}'. Its columns: {string.Join(", ", types.Keys)}.");
        }

        return ColumnTypes.FeatureTypeOf(type) is { } known and not FeatureType.Bytes
            ? known
            : throw ImportFailure.File(file, $"column '{column}' is {type}; expected a bool, number, string, a time in UTC or a list to load.");
    }

    private static string ExpressionOf(string file, Dictionary<string, string> types, string column, FeatureType type) =>
        TypeOf(file, types, column) == type
            ? ColumnTypes.Convert(column, types[column], type)!
            : throw ImportFailure.File(file, $"column '{column}' is {types[column]}; expected {ColumnTypes.Describe(type)}.");

    private static Array Allocate(FeatureType type, int rows) => type switch
    {
        FeatureType.Int64 or FeatureType.Timestamp => new long[rows],
        FeatureType.String => new string?[rows],
        FeatureType.Int64List => new long[]?[rows],
        FeatureType.Float64List => new double[]?[rows],
        FeatureType.StringList => new string[]?[rows],
        _ => new double[rows],
    };

    private static void Set(DuckDbRows rows, int ordinal, FeatureType type, Array target, int row)
    {
        var isNull = rows.IsNull(ordinal);
        switch (type)
        {
            case FeatureType.Int64 or FeatureType.Timestamp:
                ((long[])target)[row] = isNull ? long.MinValue : rows.GetInt64(ordinal);
                break;
            case FeatureType.String:
                ((string?[])target)[row] = isNull ? null : rows.GetString(ordinal);
                break;
            case FeatureType.Int64List:
                ((long[]?[])target)[row] = isNull ? null : [.. rows.GetList<long>(ordinal)];
                break;
            case FeatureType.Float64List:
                ((double[]?[])target)[row] = isNull ? null : [.. rows.GetList<double>(ordinal)];
                break;
            case FeatureType.StringList:
                ((string[]?[])target)[row] = isNull ? null : [.. rows.GetList<string>(ordinal)];
                break;
            case FeatureType.Bool:
                ((double[])target)[row] = isNull ? double.NaN : rows.GetBool(ordinal) ? 1 : 0;
                break;
            case FeatureType.Float32:
                ((double[])target)[row] = isNull ? double.NaN : rows.GetFloat(ordinal);
                break;
            default:
                ((double[])target)[row] = isNull ? double.NaN : rows.GetDouble(ordinal);
                break;
        }
    }
}
