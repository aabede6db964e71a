using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The values of some source columns in selected rows, row by row: what belongs to one row lies together, its null bits before its values.</summary>
/// <remarks>Thread safety: workers write different places concurrently, each with its own number.</remarks>
internal sealed unsafe class SelectedRows : IDisposable
{
    /// <summary>Columns that one <see cref="Find"/> is good for: a cache line of values.</summary>
    public const int PrefetchColumns = 8;

    // Columns of one word of null bits.
    private const int WordColumnsMax = 64;
    private const int TextBlockLength = 1 << 20;
    private const int WorkerShift = 54;
    private const int TextBlockShift = 28;

    private readonly FeatureType[] _types;

    // Whether all values are 64 bits that are taken as they are.
    private readonly bool _areWords;

    // In the place of a row that there is not: all nulls.
    private readonly NativeWords _none;

    // Two pieces: what another one had before, as many whole rows as fit, then more of it.
    private readonly NativeWords _first;
    private readonly NativeWords _more;
    private readonly int _firstRows;

    // From where the rows behind the first piece would lie in it to where they do: added without a branch, which nobody could foresee.
    private readonly nint _distance;
    private readonly int _nullWords;
    private readonly int _stride;
    private readonly List<byte[]>[] _texts;
    private readonly int[] _used;

    // Per worker and column.
    private readonly int[][] _longest;

    /// <param name="types">Types of the columns.</param>
    /// <param name="count">Rows.</param>
    /// <param name="workers">Threads that may write.</param>
    /// <param name="spare">Memory to use first, whatever lies in it: new memory is dear. It is this one's from now on.</param>
    public SelectedRows(FeatureType[] types, int count, int workers, NativeWords spare)
    {
        _types = types;
        _areWords = Array.TrueForAll(types, static type => type is FeatureType.Int64 or FeatureType.Float64 or FeatureType.Timestamp);
        _nullWords = (types.Length + 63) / 64;
        _stride = _nullWords + types.Length;
        _none = new NativeWords((long)_stride * sizeof(long));
        new Span<long>((void*)_none.Start, _stride).Clear();
        new Span<long>((void*)_none.Start, _nullWords).Fill(-1);
        _first = spare;
        _firstRows = (int)Math.Min(count, spare.Bytes / (_stride * sizeof(long)));
        _more = new NativeWords((long)(count - _firstRows) * _stride * sizeof(long));
        _distance = unchecked(_more.Start - _first.Start - ((nint)_firstRows * _stride * sizeof(long)));
        if (!_areWords)
        {
            // A place that is never set, since its file went meanwhile, is no text.
            NativeMemory.Clear((void*)spare.Start, (nuint)spare.Bytes);
            NativeMemory.Clear((void*)_more.Start, (nuint)(_more.AreZeros ? 0 : _more.Bytes));
        }

        _texts = [.. Enumerable.Range(0, workers).Select(static _ => new List<byte[]>())];
        _used = new int[workers];
        _longest = [.. Enumerable.Range(0, workers).Select(_ => new int[types.Length])];
    }

    /// <summary>Bytes of the longest text or list of a column; 0 for numbers.</summary>
    public int LongestOf(int column) => _longest.Max(worker => worker[column]);

    /// <summary>Bytes of a text or list.</summary>
    public int LengthOf(int place, int column) => IsNull(place, column) ? 0 : Bytes(place, column).Length;

    /// <summary>Bytes that a value takes, roughly for texts and lists.</summary>
    public static int ValueBytes(FeatureType type) => type switch
    {
        FeatureType.String or FeatureType.Bytes => 48,
        FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => 512,
        _ => sizeof(long) + 1,
    };

    /// <summary>Where rows lie; asks for them, since what is read of them next is somewhere else each time.</summary>
    /// <param name="places">Below 0: none.</param>
    /// <param name="addresses">Receives one per place, for <see cref="Write"/>; of none that of a row of nulls.</param>
    /// <param name="column">That is read next, with its neighbours.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find(ReadOnlySpan<int> places, Span<nint> addresses, int column)
    {
        var none = _none.Start;
        var first = (column / PrefetchColumns * PrefetchColumns) + _nullWords;
        var last = Math.Min(first + PrefetchColumns, _stride) - 1;
        var isFar = first > PrefetchColumns;
        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is not (>= 0 and var place))
            {
                addresses[row] = none;
                continue;
            }

            var address = AddressOf(place);
            addresses[row] = address;
            Parquet.Prefetch.Read(ref *(long*)address);
            if (isFar)
            {
                Parquet.Prefetch.Read(ref ((long*)address)[first]);
            }

            Parquet.Prefetch.Read(ref ((long*)address)[last]);
        }
    }

    /// <summary>Writes values of one column, and their statuses.</summary>
    /// <param name="places">Below 0: the status of a row without one.</param>
    /// <param name="addresses">Of the places, by <see cref="Find"/>.</param>
    /// <param name="at">First row to write.</param>
    /// <param name="fallback">Stands where there is no value.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<int> places, ReadOnlySpan<nint> addresses, int column, int at, in CellTarget target, in FeatureValue fallback)
    {
        if (ColumnTypes.IsOfBytes(target.Values.Kind))
        {
            WriteBytes(places, column, at, target, fallback);
        }
        else if (WriteWords(addresses, column, target.Values.Bits.AsSpan(at, places.Length), target.Values.Nulls.AsSpan(at, places.Length)) && !fallback.IsNull)
        {
            for (var row = at; row < at + places.Length; row++)
            {
                if (target.Values.Nulls[row])
                {
                    target.Values.Set(row, fallback);
                }
            }
        }

        var statuses = target.Statuses.Length == 0 ? [] : target.Statuses.AsSpan(at, places.Length);
        for (var row = 0; row < statuses.Length; row++)
        {
            statuses[row] = places[row] < 0 ? (FeatureStatus)(-places[row]) : IsNull(addresses[row], column) ? FeatureStatus.Null : FeatureStatus.Present;
        }
    }

    // Without a branch on what is in a row, which nobody could foresee. Returns whether a row has no value.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool WriteWords(ReadOnlySpan<nint> addresses, int column, Span<long> bits, Span<bool> nulls)
    {
        var (nullWord, shift, word) = (column >> 6, column & 63, _nullWords + column);
        var flags = MemoryMarshal.AsBytes(nulls);
        var all = 0L;
        for (var row = 0; row < addresses.Length; row++)
        {
            var address = (long*)addresses[row];
            var isNull = (address[nullWord] >> shift) & 1;
            all |= isNull;
            flags[row] = (byte)isNull;

            // Where there is no value, 0 lies.
            bits[row] = address[word];
        }

        return all != 0;
    }

    private void WriteBytes(ReadOnlySpan<int> places, int column, int at, in CellTarget target, in FeatureValue fallback)
    {
        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is >= 0 and var place && !IsNull(AddressOf(place), column))
            {
                target.Values.SetBytes(at + row, Bytes(place, column));
            }
            else
            {
                target.Values.Set(at + row, fallback);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsNull(nint address, int column) => (((long*)address)[column >> 6] & (1L << column)) != 0;

    private bool IsNull(int place, int column) => IsNull(AddressOf(place), column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint AddressOf(int place) =>
        unchecked(_first.Start + ((nint)place * _stride * sizeof(long)) + (((_firstRows - 1 - place) >> 31) & _distance));

    private long Bits(int place, int column) => ((long*)AddressOf(place))[_nullWords + column];

    /// <summary>Gives the memory back: nothing can be asked any more.</summary>
    public void Dispose()
    {
        _none.Dispose();
        _first.Dispose();
        _more.Dispose();
    }

    private ReadOnlySpan<byte> Bytes(int place, int column)
    {
        var at = Bits(place, column);
        var text = _texts[(int)(at >> WorkerShift)][(int)((at >> TextBlockShift) & ((1 << (WorkerShift - TextBlockShift)) - 1))];
        var start = (int)(at & ((1 << TextBlockShift) - 1));
        return text.AsSpan(start + sizeof(int), BitConverter.ToInt32(text, start));
    }

    /// <summary>Takes the values of all columns of some rows; each place is set once.</summary>
    /// <param name="places">Per row at hand its place, or -1.</param>
    /// <param name="ordinal">Of the first column among the vectors.</param>
    public void Set(ReadOnlySpan<int> places, DuckDbChunk vectors, int ordinal, int worker)
    {
        if (_areWords && _types.Length <= WordColumnsMax)
        {
            SetWords(places, vectors, ordinal);
            return;
        }

        foreach (var place in places)
        {
            if (place >= 0)
            {
                new Span<long>((long*)AddressOf(place), _nullWords).Clear();
            }
        }

        for (var column = 0; column < _types.Length; column++)
        {
            SetColumn(places, column, vectors.Column(ordinal + column), worker);
        }
    }

    // Row by row: what belongs to one row lies in one or two lines of the processor's cache.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetWords(ReadOnlySpan<int> places, DuckDbChunk vectors, int ordinal)
    {
        Span<nint> data = stackalloc nint[_types.Length];
        Span<nint> validity = stackalloc nint[_types.Length];
        var mayHaveNulls = false;
        for (var column = 0; column < data.Length; column++)
        {
            var vector = vectors.Column(ordinal + column);
            (data[column], validity[column]) = (vector.Data, vector.Validity);
            mayHaveNulls |= vector.MayHaveNulls;
        }

        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is not (>= 0 and var place))
            {
                continue;
            }

            var address = (long*)AddressOf(place);
            *address = 0;
            for (var column = 0; column < data.Length; column++)
            {
                address[column + 1] = ((long*)data[column])[row];
            }

            for (var column = 0; mayHaveNulls && column < data.Length; column++)
            {
                if (validity[column] != 0 && (((ulong*)validity[column])[row >> 6] & (1UL << (row & 63))) == 0)
                {
                    *address |= 1L << column;
                    address[column + 1] = 0;
                }
            }
        }
    }

    private void SetColumn(ReadOnlySpan<int> places, int column, in DuckDbVector vector, int worker)
    {
        var type = _types[column];
        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is < 0)
            {
                continue;
            }

            var address = (long*)AddressOf(places[row]);
            if (vector.IsNull(row))
            {
                address[column >> 6] |= 1L << column;
                address[_nullWords + column] = 0;
            }
            else
            {
                address[_nullWords + column] = type switch
                {
                    FeatureType.String or FeatureType.Bytes => Keep(vector.Bytes(row), column, worker),
                    FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => Keep(vector.List(row, type), column, worker),
                    _ => vector.Bits(row, type),
                };
            }
        }
    }

    // A text lies behind its length in a block of its worker.
    private long Keep(ReadOnlySpan<byte> text, int column, int worker)
    {
        _longest[worker][column] = Math.Max(_longest[worker][column], text.Length);
        var blocks = _texts[worker];
        var length = checked(sizeof(int) + text.Length);
        if (blocks.Count == 0 || _used[worker] + length > blocks[^1].Length)
        {
            blocks.Add(new byte[Math.Max(TextBlockLength, length)]);
            _used[worker] = 0;
        }

        var start = _used[worker];
        BitConverter.TryWriteBytes(blocks[^1].AsSpan(start), text.Length);
        text.CopyTo(blocks[^1].AsSpan(start + sizeof(int)));
        _used[worker] += length;
        return ((long)worker << WorkerShift) | ((long)(blocks.Count - 1) << TextBlockShift) | (long)start;
    }
}
