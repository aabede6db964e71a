namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A piece of a table that one thread scans: part of one file, or several small files.</summary>
/// <param name="Files">Files in their order.</param>
/// <param name="FirstNumbers">Per file the number of its first row in the whole table.</param>
/// <param name="From">First row of the file, inclusive; only for a part of one file.</param>
/// <param name="To">Last row, exclusive; <see cref="long.MaxValue"/>: the whole files.</param>
/// <param name="Rows">Rows of the slice.</param>
internal sealed record SourceSlice(IReadOnlyList<string> Files, long[] FirstNumbers, long From, long To, long Rows)
{
    /// <summary>Rows of a slice: a whole number of the engine's row groups.</summary>
    public const long RowsMax = 4 * RowGroup;

    // Rows of one as the engine writes it.
    private const long RowGroup = 122_880;

    private const int FilesMax = 256;

    public bool IsWhole => To == long.MaxValue;

    /// <summary>Rows of the file, of which this is a part; <see cref="long.MaxValue"/>: nobody asked.</summary>
    public long FileRows { get; init; } = long.MaxValue;

    /// <summary>Number of the slice's first row.</summary>
    public long First => FirstNumbers[0] + From;

    /// <summary>Holds a scan of the files to the slice.</summary>
    /// <param name="number">The number of a row in its file.</param>
    /// <param name="other">A further condition; <see langword="null"/>: none.</param>
    public string Condition(string number, string? other = null)
    {
        // Of all rows none is asked for its number.
        string[] limits = [.. other is null ? Array.Empty<string>() : [other], .. From > 0 ? [$"{number} >= {Sql.Number(From)}"] : Array.Empty<string>(), .. To < FileRows ? [$"{number} < {Sql.Number(To)}"] : Array.Empty<string>()];
        return limits.Length == 0 ? string.Empty : $" WHERE {string.Join(" AND ", limits)}";
    }

    /// <summary>Refuses rows that the file did not have when it was cut.</summary>
    /// <param name="numbers">Numbers of rows in their file, ascending.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: there is one.</exception>
    public void Require(ReadOnlySpan<long> numbers)
    {
        if (numbers is [.., var last] && last >= FileRows)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"File '{Files[0]}' has more rows than before; expected files that stay as they are while they are read.");
        }
    }

    /// <summary>What of the slice lies within a range of the table's rows, in its order.</summary>
    /// <param name="first">Number of the range's first row.</param>
    /// <param name="end">Number of the first row behind it.</param>
    public IEnumerable<SourceSlice> Within(long first, long end)
    {
        if (first <= First && First + Rows <= end)
        {
            return [this];
        }

        // Each file for itself: of two of them at least one is cut.
        var ends = FirstNumbers.Skip(1).Append(First + Rows);
        return Files.Zip(FirstNumbers, ends)
            .Select(file => (Name: file.First, Start: file.Second, From: Math.Max(first, Math.Max(file.Second, First)), To: Math.Min(end, file.Third)))
            .Where(static file => file.From < file.To)
            .Select(file => new SourceSlice([file.Name], [file.Start], file.From - file.Start, file.To - file.Start, file.To - file.From) { FileRows = IsWhole ? long.MaxValue : FileRows });
    }

    /// <summary>The same rows in as few slices as there can be: parts of one file that follow each other are one.</summary>
    /// <param name="slices">In the table's order.</param>
    public static IReadOnlyList<SourceSlice> Join(IEnumerable<SourceSlice> slices)
    {
        var joined = new List<SourceSlice>();
        foreach (var slice in slices)
        {
            if (joined is [.., { IsWhole: false } last] && !slice.IsWhole && last.Files[0] == slice.Files[0] && last.To == slice.From)
            {
                joined[^1] = last with { To = slice.To, Rows = last.Rows + slice.Rows };
            }
            else
            {
                joined.Add(slice);
            }
        }

        return joined;
    }

    /// <summary>Rows of a slice where workers share a table evenly: a whole number of row groups where that is no more than allowed.</summary>
    public static long ShareOf(long rows, int workers, long rowsMax)
    {
        var each = (double)rows / workers;
        return Math.Min(Math.Max((long)Math.Round(each / Math.Ceiling(each / rowsMax) / RowGroup), 1) * RowGroup, rowsMax);
    }

    /// <param name="files">Files with their rows, in the table's order.</param>
    /// <param name="rowsMax">Rows that a slice has at most.</param>
    public static IReadOnlyList<SourceSlice> Cut(IReadOnlyList<(string File, long Rows)> files, long rowsMax)
    {
        var slices = new List<SourceSlice>();
        var (small, smallRows) = (new List<(string File, long First)>(), 0L);
        var first = 0L;
        foreach (var (file, rows) in files)
        {
            if (smallRows + rows > rowsMax || small.Count == FilesMax)
            {
                Flush();
            }

            if (rows > rowsMax)
            {
                for (var from = 0L; from < rows; from += rowsMax)
                {
                    var to = Math.Min(from + rowsMax, rows);
                    slices.Add(new SourceSlice([file], [first], from, to, to - from) { FileRows = rows });
                }
            }
            else
            {
                small.Add((file, first));
                smallRows += rows;
            }

            first += rows;
        }

        Flush();
        return slices;

        void Flush()
        {
            if (small.Count > 0)
            {
                slices.Add(new SourceSlice(
                    [.. small.Select(static item => item.File)], [.. small.Select(static item => item.First)], 0, long.MaxValue, smallRows));
                (small, smallRows) = ([], 0);
            }
        }
    }
}
