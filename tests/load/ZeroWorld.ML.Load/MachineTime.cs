using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>What the processors have done since the machine started, in ticks of all of them together (/proc/stat, proc(5)).</summary>
/// <param name="Idle">Ticks without anything to do.</param>
/// <param name="Stolen">Ticks in which the host gave the processor to others.</param>
/// <param name="All">All ticks.</param>
internal readonly record struct MachineTime(long Idle, long Stolen, long All)
{
    private const string Path = "/proc/stat";
    private const int IdleField = 3;
    private const int WaitField = 4;
    private const int StolenField = 7;

    // Time of guests is in that of users already.
    private const int Fields = 8;

    /// <returns>Zeros where the system does not tell.</returns>
    public static MachineTime Now()
    {
        if (!File.Exists(Path))
        {
            return default;
        }

        var line = File.ReadLines(Path).First();
        long[] ticks = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(Fields).Select(static text => long.Parse(text, CultureInfo.InvariantCulture))];
        return new MachineTime(ticks[IdleField] + ticks[WaitField], ticks[StolenField], ticks.Sum());
    }

    /// <summary>Share of the time since then in which processors worked, 0 to 1; <see cref="double.NaN"/> where the system does not tell.</summary>
    public double BusySince(MachineTime then) => 1 - ((double)(Idle - then.Idle) / (All - then.All));

    /// <summary>Share of the time since then that the host took, 0 to 1; <see cref="double.NaN"/> where the system does not tell.</summary>
    public double StolenSince(MachineTime then) => (double)(Stolen - then.Stolen) / (All - then.All);
}
