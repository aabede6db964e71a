namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The cells of one feature for a range of spine rows, written in any order.</summary>
/// <remarks>Thread safety: different rows may be written concurrently.</remarks>
internal sealed class CellColumn(FeatureType type, int rows)
{
    private const byte StatusMask = 0x07;
    private const byte NullFlag = 0x08;
    private const byte DefaultedFlag = 0x10;

    private readonly byte[] _flags = new byte[rows];
    private readonly long[] _bits = IsReference(type) ? [] : new long[rows];
    private readonly FeatureValue[] _values = IsReference(type) ? new FeatureValue[rows] : [];
    private int _longest;

    /// <summary>Bytes of the longest text or list, at least.</summary>
    public int Longest => _longest;

    /// <summary>Bytes that a row of such a column takes, roughly for strings.</summary>
    public static int RowBytes(FeatureType type) => IsReference(type) ? 96 : sizeof(long) + 1;

    public void Set(int row, in FeatureCell cell)
    {
        _flags[row] = (byte)((int)cell.Status | (cell.Value.IsNull ? NullFlag : 0) | (cell.IsDefaulted ? DefaultedFlag : 0));
        if (_bits.Length == 0)
        {
            _values[row] = cell.Value;
            for (var (longest, length) = (_longest, LengthOf(row)); length > longest; longest = Volatile.Read(ref _longest))
            {
                Interlocked.CompareExchange(ref _longest, length, longest);
            }
        }
        else if (!cell.Value.IsNull)
        {
            _bits[row] = FeatureBits.Of(cell.Value);
        }
    }

    /// <summary>The cell without its event time: no transform and no training set has a use for that.</summary>
    public FeatureCell Get(int row)
    {
        var flags = _flags[row];
        var value = (flags & NullFlag) != 0 ? FeatureValue.Null(type) : _bits.Length == 0 ? _values[row] : FeatureBits.ToValue(type, _bits[row]);
        return new FeatureCell(value, (FeatureStatus)(flags & StatusMask), null, (flags & DefaultedFlag) != 0);
    }

    /// <summary>Bytes of a text or a list in a <see cref="ColumnBuffer"/>; 0 for numbers.</summary>
    public int LengthOf(int row) => _values.Length == 0 || _values[row].IsNull ? 0 : type switch
    {
        FeatureType.String => System.Text.Encoding.UTF8.GetByteCount(_values[row].AsString()),
        FeatureType.Bytes => _values[row].AsBytes().Length,
        _ => FeatureListCodec.Encode(_values[row]).Length,
    };

    private static bool IsReference(FeatureType type) =>
        type is FeatureType.String or FeatureType.Bytes or FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList;
}
