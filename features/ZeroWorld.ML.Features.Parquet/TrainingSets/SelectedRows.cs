using System.Numerics;
using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The values of some source columns in selected rows, row by row: what belongs to one row lies together, its null bits before its values.</summary>
/// <remarks>Thread safety: workers write different places concurrently, each with its own number.</remarks>
internal sealed class SelectedRows
{
    /// <summary>Columns that one <see cref="Prefetch"/> is good for: a cache line of values.</summary>
    public const int PrefetchColumns = 8;

    private const int BlockShiftMin = 14;
    private const int BlockShiftMax = 20;
    private const long BlockBytes = 1 << 26;
    private const int TextBlockLength = 1 << 20;
    private const int WorkerShift = 54;
    private const int TextBlockShift = 28;

    private readonly FeatureType[] _types;
    private readonly long[][] _bits;

    // A block has as many rows as a power of two, by how wide they are.
    private readonly int _blockShift;
    private readonly int _blockMask;
    private readonly int _nullWords;
    private readonly int _stride;
    private readonly List<byte[]>[] _texts;
    private readonly int[] _used;

    // Per worker and column.
    private readonly int[][] _longest;

    /// <param name="types">Types of the columns.</param>
    /// <param name="count">Rows.</param>
    /// <param name="workers">Threads that may write.</param>
    public SelectedRows(FeatureType[] types, int count, int workers)
    {
        _types = types;
        _nullWords = (types.Length + 63) / 64;
        _stride = _nullWords + types.Length;
        _blockShift = Math.Clamp(BitOperations.Log2((ulong)(BlockBytes / (_stride * sizeof(long)))), BlockShiftMin, BlockShiftMax);
        _blockMask = (1 << _blockShift) - 1;
        _bits = new long[(int)(((long)count + _blockMask) >> _blockShift)][];
        for (var block = 0; block < _bits.Length; block++)
        {
            _bits[block] = LargeArray.CreateZeros<long>(Math.Min(1 << _blockShift, count - (block << _blockShift)) * _stride);
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

    /// <summary>Asks for what <see cref="Write"/> will read of this column and its neighbours.</summary>
    /// <param name="places">Below 0: none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prefetch(ReadOnlySpan<int> places, int column)
    {
        var first = column / PrefetchColumns * PrefetchColumns;
        var last = Math.Min(first + PrefetchColumns, _types.Length) - 1;
        foreach (var place in places)
        {
            if (place >= 0)
            {
                var block = _bits[place >> _blockShift];
                Parquet.Prefetch.Read(ref block[NullsAt(place, column)]);
                Parquet.Prefetch.Read(ref block[At(place, first)]);
                Parquet.Prefetch.Read(ref block[At(place, last)]);
            }
        }
    }

    /// <summary>Writes values of one column, and their statuses.</summary>
    /// <param name="places">Below 0: the status of a row without one.</param>
    /// <param name="at">First row to write.</param>
    /// <param name="fallback">Stands where there is no value.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<int> places, int column, int at, in CellTarget target, in FeatureValue fallback)
    {
        var isText = ColumnTypes.IsOfBytes(target.Values.Kind);
        var statuses = target.Statuses.AsSpan(at, places.Length);
        for (var row = 0; row < places.Length; row++)
        {
            var place = places[row];
            if (place < 0 || IsNull(place, column))
            {
                statuses[row] = place < 0 ? (FeatureStatus)(-place) : FeatureStatus.Null;
                target.Values.Set(at + row, fallback);
                continue;
            }

            statuses[row] = FeatureStatus.Present;
            if (isText)
            {
                target.Values.SetBytes(at + row, Bytes(place, column));
            }
            else
            {
                target.Values.SetBits(at + row, Bits(place, column));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsNull(int place, int column) => (_bits[place >> _blockShift][NullsAt(place, column)] & (1L << column)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Bits(int place, int column) => _bits[place >> _blockShift][At(place, column)];

    private ReadOnlySpan<byte> Bytes(int place, int column)
    {
        var at = Bits(place, column);
        var text = _texts[(int)(at >> WorkerShift)][(int)((at >> TextBlockShift) & ((1 << (WorkerShift - TextBlockShift)) - 1))];
        var start = (int)(at & ((1 << TextBlockShift) - 1));
        return text.AsSpan(start + sizeof(int), BitConverter.ToInt32(text, start));
    }

    /// <param name="places">Per row at hand its place, or -1.</param>
    public void Set(ReadOnlySpan<int> places, int column, in DuckDbVector vector, int worker)
    {
        var type = _types[column];
        if (!vector.MayHaveNulls && type is (FeatureType.Int64 or FeatureType.Float64 or FeatureType.Timestamp))
        {
            SetAll(places, column, vector.Int64);
            return;
        }

        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is < 0)
            {
                continue;
            }

            var block = _bits[places[row] >> _blockShift];
            if (vector.IsNull(row))
            {
                block[NullsAt(places[row], column)] |= 1L << column;
            }
            else
            {
                block[At(places[row], column)] = type switch
                {
                    FeatureType.String or FeatureType.Bytes => Keep(vector.Bytes(row), column, worker),
                    FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList => Keep(vector.List(row, type), column, worker),
                    _ => vector.Bits(row, type),
                };
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetAll(ReadOnlySpan<int> places, int column, ReadOnlySpan<long> values)
    {
        for (var row = 0; row < places.Length; row++)
        {
            if (places[row] is >= 0 and var place)
            {
                _bits[place >> _blockShift][At(place, column)] = values[row];
            }
        }
    }

    private int At(int place, int column) => ((place & _blockMask) * _stride) + _nullWords + column;

    private int NullsAt(int place, int column) => ((place & _blockMask) * _stride) + (column >> 6);

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
