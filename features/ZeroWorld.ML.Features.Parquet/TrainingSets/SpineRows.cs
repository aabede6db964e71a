namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of a spine in their order, each of them: two numbers that say which one it is, its time, then what was asked for. Not thread safe.</summary>
internal sealed class SpineRows(DuckDbVectors rows, SourceSlice slice, SpineTable spine) : IDisposable
{
    /// <summary>The column of times.</summary>
    public const int TimeOrdinal = 2;

    /// <summary>The first of the columns that were asked for.</summary>
    public const int FirstOrdinal = 3;

    private long _next = slice.First;

    /// <summary>The rows at hand.</summary>
    public DuckDbVectors Vectors => rows;

    /// <returns><see langword="false"/> behind the last row.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a row has no time or one that is none of the calendar, or the files are other ones by now.</exception>
    public bool Read()
    {
        if (!rows.Read())
        {
            return _next == slice.First + slice.Rows ? false : throw spine.RefuseMissing(_next);
        }

        if (rows.Count == 0)
        {
            return true;
        }

        if (NumberOf(0) != _next || NumberOf(rows.Count - 1) != _next + rows.Count - 1)
        {
            throw spine.RefuseMissing(_next);
        }

        var times = rows.Column(TimeOrdinal);
        for (var row = 0; times.MayHaveNulls && row < rows.Count; row++)
        {
            if (times.IsNull(row))
            {
                throw spine.RefuseNullTime(_next + row);
            }
        }

        var values = times.Int64;
        for (var row = 0; row < rows.Count; row++)
        {
            if (!UnixMicroseconds.IsOfCalendar(values[row]))
            {
                throw spine.RefuseTime(_next + row, values[row]);
            }
        }

        _next += rows.Count;
        return true;
    }

    public void Dispose() => rows.Dispose();

    private long NumberOf(int row) => slice.FirstNumbers[rows.Column(1).Int64[row]] + rows.Column(0).Int64[row];
}
