using System.Buffers;

namespace ZeroWorld.ML.Features;

/// <summary>Rented memory in which the payloads of reads that a store answered together lie.</summary>
/// <remarks>
/// Every read that is answered out of it holds it, and so does every answer made of such a read. When the last hold is released the memory goes back; a hold that is never released
/// costs nothing but that: the collector takes the memory then. So whoever does not know that it is the last simply keeps its hold.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class OnlineReadMemory
{
    private readonly byte[] _bytes;
    private int _holds;

    private OnlineReadMemory(byte[] bytes, int holds)
    {
        _bytes = bytes;
        _holds = holds;
    }

    /// <value>At least as long as was asked for.</value>
    public Memory<byte> Bytes => _bytes;

    /// <summary>Holds at this moment; 0: it has gone back.</summary>
    internal int Holds => Volatile.Read(ref _holds);

    /// <param name="length">Bytes, 0 or more.</param>
    /// <param name="holds">Reads that will be answered out of it, 1 or more.</param>
    public static OnlineReadMemory Rent(int length, int holds)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(holds, 1);
        return new OnlineReadMemory(ArrayPool<byte>.Shared.Rent(length), holds);
    }

    /// <summary>Adds holds. Only by who has one.</summary>
    public void Hold(int count) => Interlocked.Add(ref _holds, count);

    /// <summary>Gives up one hold; its owner reads no byte after that.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holds) == 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }
    }
}
