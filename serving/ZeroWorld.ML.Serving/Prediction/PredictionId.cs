using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ZeroWorld.ML.Serving;

/// <summary>Ids of predictions: RFC 9562 version 7 (48 bits of milliseconds, then random bits) as 32 characters of lower-case hex, so that they sort by time.</summary>
public static class PredictionId
{
    public const int Length = 32;

    // The system is asked for random bytes by the block: for each id alone it would be a system call per prediction.
    private const int BlockBytes = 1024;
    private const int RandomBytes = 10;

    [ThreadStatic]
    private static byte[]? _block;

    [ThreadStatic]
    private static int _left;

    public static string New(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[Length / 2];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)time.ToUnixTimeMilliseconds() << 16);
        FillRandom(bytes[^RandomBytes..]);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>When the prediction was received, to the millisecond: it names the day of the log in which the prediction lies.</summary>
    /// <returns><see langword="false"/> when the text is no prediction id.</returns>
    public static bool TryGetTime(string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is not { Length: Length })
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Length / 2];
        if (Convert.FromHexString(text, bytes, out _, out var written) != System.Buffers.OperationStatus.Done || written != bytes.Length || bytes[6] >> 4 != 7)
        {
            return false;
        }

        var milliseconds = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
        if (milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        return true;
    }

    private static void FillRandom(Span<byte> target)
    {
        var block = _block ??= new byte[BlockBytes];
        if (_left < target.Length)
        {
            RandomNumberGenerator.Fill(block);
            _left = block.Length;
        }

        _left -= target.Length;
        block.AsSpan(_left, target.Length).CopyTo(target);
    }
}
