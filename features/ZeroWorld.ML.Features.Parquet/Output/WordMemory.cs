using System.Buffers;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The first of some 64-bit words as bytes, without a copy.</summary>
internal sealed class WordMemory(long[] words, int count) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(words.AsSpan(0, count));

    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        var handle = GCHandle.Alloc(words, GCHandleType.Pinned);
        return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle);
    }

    // Each handle frees its own pin.
    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
