using System.Buffers;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Where the bytes of one batch lie: in a few long arrays that batch after batch uses, instead of one for each entity that the collector would carry along.</summary>
/// <remarks>Not thread safe. Whoever disposes it is done with the bytes; where nobody does, it is the collector's.</remarks>
internal sealed class BatchMemory : IDisposable
{
    private const int PieceBytes = 128 << 10;

    private readonly List<byte[]> _pieces = [];
    private int _used = PieceBytes;

    /// <returns>Bytes in which anything may lie.</returns>
    public Memory<byte> Take(int length)
    {
        if (length > PieceBytes)
        {
            return new byte[length];
        }

        if (length > PieceBytes - _used)
        {
            _pieces.Add(ArrayPool<byte>.Shared.Rent(PieceBytes));
            _used = 0;
        }

        _used += length;
        return _pieces[^1].AsMemory(_used - length, length);
    }

    public void Dispose()
    {
        foreach (var piece in _pieces)
        {
            ArrayPool<byte>.Shared.Return(piece);
        }

        _pieces.Clear();
        _used = PieceBytes;
    }
}
