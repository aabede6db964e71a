using System.Buffers;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Buffers for the client's socket, large enough for the answer of a whole multi-get: the client's own take a system call for every few kilobytes.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ReadBufferPool : MemoryPool<byte>
{
    private const int BytesMin = 64 << 10;

    private ReadBufferPool()
    {
    }

    public static ReadBufferPool Instance { get; } = new();

    public override int MaxBufferSize => MemoryPool<byte>.Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => MemoryPool<byte>.Shared.Rent(Math.Max(minBufferSize, BytesMin));

    protected override void Dispose(bool disposing)
    {
        // Shared by all connections, and empty itself.
    }
}
