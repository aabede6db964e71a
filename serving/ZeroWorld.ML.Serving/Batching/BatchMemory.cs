using System.Buffers;

namespace ZeroWorld.ML.Serving;

/// <summary>The memory that one run writes its outputs to, for all requests that shared it. It goes back to the pool when each of them has let go of it.</summary>
/// <remarks>Thread safe apart from <see cref="Allocate"/>. A holder that never lets go costs the pool nothing but this memory, which the collector then takes.</remarks>
internal sealed class BatchMemory : IOutputMemory
{
    // What is small is not worth a way through the pool.
    private const int RentedBytesMin = 1024;
    private readonly List<byte[]> _rented = [];
    private int _holders;

    public Memory<byte> Allocate(int bytes)
    {
        if (bytes < RentedBytesMin)
        {
            return GC.AllocateUninitializedArray<byte>(bytes);
        }

        var array = ArrayPool<byte>.Shared.Rent(bytes);
        _rented.Add(array);
        return array.AsMemory(0, bytes);
    }

    /// <summary>Says how many requests will let go of it. Called once, before any does.</summary>
    public void Share(int holders) => _holders = holders;

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            foreach (var array in _rented)
            {
                ArrayPool<byte>.Shared.Return(array);
            }
        }
    }
}
