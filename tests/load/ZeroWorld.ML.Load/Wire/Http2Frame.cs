using System.Buffers.Binary;

namespace ZeroWorld.ML.Load;

/// <summary>The nine bytes before each frame of HTTP/2, and what this program uses of its kinds and flags (RFC 9113).</summary>
internal readonly record struct Http2Frame(int Length, byte Type, byte Flags, int Stream)
{
    public const int HeaderBytes = 9;
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Acknowledge = 1;
    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    public bool EndsStream => Type is Data or Headers && (Flags & EndStream) != 0;

    public bool IsAcknowledgement => Type is Settings or Ping && (Flags & Acknowledge) != 0;

    /// <param name="bytes">At least <see cref="HeaderBytes"/>.</param>
    public static Http2Frame Read(ReadOnlySpan<byte> bytes) =>
        new((bytes[0] << 16) | (bytes[1] << 8) | bytes[2], bytes[3], bytes[4], BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);

    /// <param name="bytes">At least <see cref="HeaderBytes"/>.</param>
    public void Write(Span<byte> bytes)
    {
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]) = ((byte)(Length >> 16), (byte)(Length >> 8), (byte)Length, Type, Flags);
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], Stream);
    }
}
