using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Columns of <c>zeroworld.ml.v1</c> as the engine takes them.</summary>
internal static class ColumnReader
{
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: no name, no values, or null rows that are not ascending and in range.</exception>
    public static RequestColumn[] Read(IReadOnlyList<Column> columns)
    {
        if (columns.Count == 0)
        {
            return [];
        }

        var result = new RequestColumn[columns.Count];
        for (var index = 0; index < result.Length; index++)
        {
            result[index] = Read(columns[index]);
        }

        return result;
    }

    private static RequestColumn Read(Column column)
    {
        if (column.Name.Length == 0)
        {
            throw new ServingException(ServingError.InvalidInput, "A column has no name.");
        }

        var (type, values) = column.ValuesCase switch
        {
            Column.ValuesOneofCase.Bools => (FeatureType.Bool, Convert(column.Bools.Values, static value => FeatureValue.FromBool(value))),
            Column.ValuesOneofCase.Int64S => (FeatureType.Int64, Convert(column.Int64S.Values, static value => FeatureValue.FromInt64(value))),
            Column.ValuesOneofCase.Float32S => (FeatureType.Float32, Convert(column.Float32S.Values, static value => FeatureValue.FromFloat32(value))),
            Column.ValuesOneofCase.Float64S => (FeatureType.Float64, Convert(column.Float64S.Values, static value => FeatureValue.FromFloat64(value))),
            Column.ValuesOneofCase.Strings => (FeatureType.String, Convert(column.Strings.Values, static value => FeatureValue.FromString(value))),
            Column.ValuesOneofCase.Bytes => (FeatureType.Bytes, Convert(column.Bytes.Values, static value => FeatureValue.FromBytes(value.ToByteArray()))),
            Column.ValuesOneofCase.Timestamps =>
                (FeatureType.Timestamp, Convert(column.Timestamps.Microseconds, static value => FeatureValue.FromTimestamp(value))),
            Column.ValuesOneofCase.None => throw new ServingException(ServingError.InvalidInput, $"Column '{column.Name}' has no values."),
            Column.ValuesOneofCase.Int64Lists =>
                (FeatureType.Int64List, Convert(column.Int64Lists.Rows, static value => FeatureValue.FromInt64List([.. value.Values]))),
            Column.ValuesOneofCase.Float64Lists =>
                (FeatureType.Float64List, Convert(column.Float64Lists.Rows, static value => FeatureValue.FromFloat64List([.. value.Values]))),
            Column.ValuesOneofCase.StringLists =>
                (FeatureType.StringList, Convert(column.StringLists.Rows, static value => FeatureValue.FromStringList([.. value.Values]))),
            var unknown => throw new ServingException(ServingError.InvalidInput, $"Column '{column.Name}' holds {unknown}, which this build does not know."),
        };
        ApplyNulls(column, type, values);
        return new RequestColumn(column.Name, type, values);
    }

    private static FeatureValue[] Convert<T>(Google.Protobuf.Collections.RepeatedField<T> values, Func<T, FeatureValue> convert)
    {
        var result = new FeatureValue[values.Count];
        for (var index = 0; index < result.Length; index++)
        {
            result[index] = convert(values[index]);
        }

        return result;
    }

    private static void ApplyNulls(Column column, FeatureType type, FeatureValue[] values)
    {
        var previous = -1L;
        foreach (var row in column.NullRows)
        {
            if (row >= values.Length || row <= previous)
            {
                throw new ServingException(
                    ServingError.InvalidInput,
                    $"Column '{column.Name}' has {row} in null_rows; expected ascending indexes below its {values.Length} values.");
            }

            values[row] = FeatureValue.Null(type);
            previous = row;
        }
    }
}
