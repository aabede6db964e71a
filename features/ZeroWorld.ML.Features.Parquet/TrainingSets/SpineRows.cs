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
    public DuckDbChunk Vectors => rows;

    /// <returns><see langword="false"/> behind the last row.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a row has no time or one that is none of the calendar, or the files are other ones by now.</exception>
    public bool Read()
    {
        if (!rows.Read())
        {
            return _next == slice.First + slice.Rows ? false : throw spine.RefuseMissing(_next);
        }

        if (rows.Count > 0 && Require(rows, slice, spine) != _next)
        {
            throw spine.RefuseMissing(_next);
        }

        _next += rows.Count;
        return true;
    }

    public void Dispose() => rows.Dispose();

    /// <summary>Refuses rows that do not follow each other or that have no time.</summary>
    /// <param name="rows">One or more.</param>
    /// <returns>The number of the first one in the spine.</returns>
    public static long Require(DuckDbChunk rows, SourceSlice slice, SpineTable spine)
    {
        var first = NumberOf(rows, 0, slice);
        if (NumberOf(rows, rows.Count - 1, slice) != first + rows.Count - 1)
        {
            throw spine.RefuseMissing(first);
        }

        var times = rows.Column(TimeOrdinal);
        for (var row = 0; times.MayHaveNulls && row < rows.Count; row++)
        {
            if (times.IsNull(row))
            {
                throw spine.RefuseNullTime(first + row);
            }
        }

        var values = times.Int64;
        if (!UnixMicroseconds.AreOfCalendar(values))
        {
            var row = 0;
            while (UnixMicroseconds.IsOfCalendar(values[row]))
            {
                row++;
            }

            throw spine.RefuseTime(first + row, values[row]);
        }

        return first;
    }

    private static long NumberOf(DuckDbChunk rows, int row, SourceSlice slice) => slice.FirstNumbers[rows.Column(1).Int64[row]] + rows.Column(0).Int64[row];
}
