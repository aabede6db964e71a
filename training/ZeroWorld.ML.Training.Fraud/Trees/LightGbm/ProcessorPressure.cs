using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>How much tasks of this machine wait for a processor, by Linux's pressure stall information.</summary>
internal sealed class ProcessorPressure
{
    private const string Path = "/proc/pressure/cpu";
    private const string Total = "total=";

    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly long? _waited = TryReadMicroseconds();

    /// <summary>Share of the time since this object was made in which some task waited; 0 where the system does not tell.</summary>
    internal double Share()
    {
        var passed = TimeProvider.System.GetElapsedTime(_started).TotalMicroseconds;
        return TryReadMicroseconds() - _waited is { } waited && passed > 0 ? waited / passed : 0;
    }

    // The first line begins with "some" and ends with what has added up since the start of the system.
    private static long? TryReadMicroseconds()
    {
        try
        {
            var line = File.ReadLines(Path).First();
            return long.Parse(line.AsSpan(line.IndexOf(Total, StringComparison.Ordinal) + Total.Length), CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            // Another system, or a kernel without it.
            return null;
        }
    }
}
