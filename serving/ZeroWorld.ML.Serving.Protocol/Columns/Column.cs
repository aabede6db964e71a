namespace ZeroWorld.ML.V1;

/// <summary>What a column of the wire tells of itself.</summary>
public sealed partial class Column
{
    /// <summary>Rows of the column, null rows counted; 0 where it has no values.</summary>
    public int RowCount => ValuesCase switch
    {
        ValuesOneofCase.Bools => Bools.Values.Count,
        ValuesOneofCase.Int64S => Int64S.Values.Count,
        ValuesOneofCase.Float32S => Float32S.Values.Count,
        ValuesOneofCase.Float64S => Float64S.Values.Count,
        ValuesOneofCase.Strings => Strings.Values.Count,
        ValuesOneofCase.Bytes => Bytes.Values.Count,
        ValuesOneofCase.Timestamps => Timestamps.Microseconds.Count,
        ValuesOneofCase.Int64Lists => Int64Lists.Rows.Count,
        ValuesOneofCase.Float64Lists => Float64Lists.Rows.Count,
        ValuesOneofCase.StringLists => StringLists.Rows.Count,
        _ => 0,
    };
}
