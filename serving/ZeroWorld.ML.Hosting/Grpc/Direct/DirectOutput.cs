using System.Buffers;
using System.Buffers.Binary;

namespace ZeroWorld.ML.Hosting;

/// <summary>Where an answer's message goes: its size first, then its bytes.</summary>
internal readonly struct DirectOutput(IBufferWriter<byte> writer)
{
    private const int FrameHeaderBytes = 5;

    /// <summary>Begins the message; as many bytes follow, by the returned writer.</summary>
    public IBufferWriter<byte> Begin(int length)
    {
        var header = writer.GetSpan(FrameHeaderBytes);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        writer.Advance(FrameHeaderBytes);
        return writer;
    }
}
