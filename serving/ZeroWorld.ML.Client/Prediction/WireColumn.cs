using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>Reads single values of a column.</summary>
internal static class WireColumn
{
    public static int CountRows(PredictResponse response)
    {
        var rows = response.Decisions.Count;
        foreach (var feature in response.Features)
        {
            rows = Math.Max(rows, feature.Statuses.Count);
        }

        foreach (var output in response.Outputs)
        {
            rows = Math.Max(rows, output.RowCount);
        }

        return rows;
    }

    public static object? GetValue(Column column, int row) => row >= column.RowCount || column.NullRows.Contains((uint)row)
        ? null
        : column.ValuesCase switch
        {
            Column.ValuesOneofCase.Bools => column.Bools.Values[row],
            Column.ValuesOneofCase.Int64S => column.Int64S.Values[row],
            Column.ValuesOneofCase.Float32S => column.Float32S.Values[row],
            Column.ValuesOneofCase.Float64S => column.Float64S.Values[row],
            Column.ValuesOneofCase.Strings => column.Strings.Values[row],
            Column.ValuesOneofCase.Bytes => column.Bytes.Values[row].ToByteArray(),
            Column.ValuesOneofCase.Timestamps => WireTime.ToTime(column.Timestamps.Microseconds[row]),
            Column.ValuesOneofCase.Int64Lists => column.Int64Lists.Rows[row].Values.ToArray(),
            Column.ValuesOneofCase.Float64Lists => column.Float64Lists.Rows[row].Values.ToArray(),
            Column.ValuesOneofCase.StringLists => column.StringLists.Rows[row].Values.ToArray(),
            _ => null,
        };

    public static double? GetNumber(Column column, int row) => GetValue(column, row) switch
    {
        bool value => value ? 1 : 0,
        long value => value,
        float value => value,
        double value => value,
        _ => null,
    };
}
