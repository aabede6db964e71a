using System.Buffers.Binary;

namespace ZeroWorld.ML.Serving;

/// <summary>Ids of predictions: RFC 9562 version 7 (48 bits of milliseconds, then random bits) as 32 characters of lower-case hex, so that they sort by time.</summary>
public static class PredictionId
{
    public const int Length = 32;

    public static string New(DateTimeOffset time) => Guid.CreateVersion7(time).ToString("N");

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
}
