using System.Buffers;
using System.Numerics;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Buffers for the client's socket, large enough for the answer of a whole multi-get: the client's own take a system call for every few kilobytes.</summary>
/// <remarks>The client rents the answers that it leases here too, by their size; its socket's buffers are powers of two from 8 KiB on. Thread safe.</remarks>
internal sealed class ReadBufferPool : MemoryPool<byte>
{
    private const int BytesMin = 64 << 10;
    private const int SocketBytesMin = 8 << 10;

    private ReadBufferPool()
    {
    }

    public static ReadBufferPool Instance { get; } = new();

    public override int MaxBufferSize => MemoryPool<byte>.Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => MemoryPool<byte>.Shared.Rent(IsForSocket(minBufferSize) ? Math.Max(minBufferSize, BytesMin) : minBufferSize);

    protected override void Dispose(bool disposing)
    {
        // Shared by all connections, and empty itself.
    }

    private static bool IsForSocket(int size) => size < 0 || (size >= SocketBytesMin && BitOperations.IsPow2(size));
}
