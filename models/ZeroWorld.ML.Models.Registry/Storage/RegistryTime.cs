namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>Moments as whole microseconds since the epoch, the same in every database.</summary>
internal static class RegistryTime
{
    internal static long ToMicroseconds(DateTimeOffset moment) => (moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal static DateTimeOffset ToDateTimeOffset(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
