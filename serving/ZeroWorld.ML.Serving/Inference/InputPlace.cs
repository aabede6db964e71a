using System.Buffers;

namespace ZeroWorld.ML.Serving;

/// <summary>Where the bytes of one input of one request lie. The holder gives it back once.</summary>
internal readonly struct InputPlace(byte[] array, int start, int length, InputArena.Block? block)
{
    public Span<byte> Span => array.AsSpan(start, length);

    public ReadOnlyMemory<byte> Memory => array.AsMemory(start, length);

    /// <summary>A place of its own, from the pool of the process.</summary>
    public static InputPlace Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), 0, length, null);

    /// <summary>Nothing for the default value.</summary>
    public void Return()
    {
        if (block is not null)
        {
            block.Release();
        }
        else if (array is not null)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
