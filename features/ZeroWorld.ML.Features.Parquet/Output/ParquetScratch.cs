using System.Buffers;
using ZstdSharp;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What encoding a column needs on the way, for the columns of one row group one after the other. Not thread safe.</summary>
internal sealed class ParquetScratch : IDisposable
{
    // One hundredth of the bytes is worth less than the time.
    private const int PackingLevel = 1;

    private readonly Compressor _compressor = new(PackingLevel);
    private byte[] _packed = [];
    private long[] _values = [];
    private int[] _numbers = [];
    private int[] _levels = [];

    public ParquetScratch() => Thrift = new ThriftWriter(Header);

    /// <summary>The page that is being made.</summary>
    public ArrayBufferWriter<byte> Page { get; } = new();

    /// <summary>Its header.</summary>
    public ArrayBufferWriter<byte> Header { get; } = new();

    /// <summary>Writes <see cref="Header"/>.</summary>
    public ThriftWriter Thrift { get; }

    public NumberDictionary Dictionary { get; } = new();

    /// <summary>The values of a column that are there; grown by <see cref="Reserve"/>, as the others.</summary>
    public ref long[] Values => ref _values;

    /// <summary>Their numbers in <see cref="Dictionary"/>.</summary>
    public ref int[] Numbers => ref _numbers;

    public ref int[] Levels => ref _levels;

    /// <summary>Makes an array at least as long; what it held is lost.</summary>
    public static void Reserve<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[Math.Max(length, Math.Min(2L * array.Length, Array.MaxLength))];
        }
    }

    /// <returns>The bytes packed, until the next call.</returns>
    public ReadOnlySpan<byte> Pack(ReadOnlySpan<byte> bytes)
    {
        Reserve(ref _packed, Compressor.GetCompressBound(bytes.Length));
        return _packed.AsSpan(0, _compressor.Wrap(bytes, _packed));
    }

    public void Dispose() => _compressor.Dispose();
}
