namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The values of one source column in selected rows.</summary>
/// <remarks>Thread safety: workers write different places concurrently, each with its own number.</remarks>
internal sealed class SelectedColumn
{
    private const int BlockLength = 1 << 20;
    private const int WorkerShift = 54;
    private const int BlockShift = 28;

    private readonly long[] _bits;
    private readonly bool[] _nulls;
    private readonly int[]? _lengths;
    private readonly List<byte[]>[] _blocks;
    private readonly int[] _used;

    public SelectedColumn(FeatureType type, int count, int workers)
    {
        Type = type;
        _bits = new long[count];
        _nulls = new bool[count];
        var isText = type is FeatureType.String or FeatureType.Bytes;
        _lengths = isText ? new int[count] : null;
        _blocks = [.. Enumerable.Range(0, isText ? workers : 0).Select(static _ => new List<byte[]>())];
        _used = new int[isText ? workers : 0];
    }

    public FeatureType Type { get; }

    /// <summary>Bytes that a value takes, roughly for texts.</summary>
    public static int ValueBytes(FeatureType type) => type is FeatureType.String or FeatureType.Bytes ? 48 : sizeof(long) + 1;

    public bool IsNull(int place) => _nulls[place];

    public long Bits(int place) => _bits[place];

    public ReadOnlySpan<byte> Bytes(int place)
    {
        var at = _bits[place];
        var block = _blocks[(int)(at >> WorkerShift)][(int)((at >> BlockShift) & ((1 << (WorkerShift - BlockShift)) - 1))];
        return block.AsSpan((int)(at & ((1 << BlockShift) - 1)), _lengths![place]);
    }

    public void Set(int place, in DuckDbVector column, int row, int worker)
    {
        if (column.IsNull(row))
        {
            _nulls[place] = true;
        }
        else if (_lengths is null)
        {
            _bits[place] = column.Bits(row, Type);
        }
        else
        {
            var value = column.Bytes(row);
            var blocks = _blocks[worker];
            if (blocks.Count == 0 || _used[worker] + value.Length > blocks[^1].Length)
            {
                blocks.Add(new byte[Math.Max(BlockLength, value.Length)]);
                _used[worker] = 0;
            }

            value.CopyTo(blocks[^1].AsSpan(_used[worker]));
            _bits[place] = ((long)worker << WorkerShift) | ((long)(blocks.Count - 1) << BlockShift) | (long)_used[worker];
            _lengths[place] = value.Length;
            _used[worker] += value.Length;
        }
    }
}
