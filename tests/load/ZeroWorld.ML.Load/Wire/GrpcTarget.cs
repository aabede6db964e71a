namespace ZeroWorld.ML.Load;

/// <summary>A unary method and the messages that are sent to it in turn, serialised before the measurement.</summary>
internal sealed record GrpcTarget(string Path, byte[][] Messages)
{
    /// <summary>The message in its frame, as it goes over the wire: one byte of flags, four of length.</summary>
    public static byte[] ToFrame(byte[] message)
    {
        var frame = new byte[message.Length + 5];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }
}
