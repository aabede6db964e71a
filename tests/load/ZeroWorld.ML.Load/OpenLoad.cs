using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>The open loop at a share of a closed loop's rate, beside the floor: the same calls at the same rate to a server that only answers.</summary>
/// <param name="Loop">The server.</param>
/// <param name="ServerMicroseconds">Its processor time per call.</param>
/// <param name="Switches">How often one of its threads went to sleep, per call.</param>
/// <param name="Busy">Share of the processors' time, 0 to 1, in which they worked while it was measured: half of the closed loop's rate is not half of its work, since a call costs more where fewer come at once.</param>
/// <param name="Stolen">Share of it that the host took.</param>
/// <param name="Floor">The floor.</param>
internal sealed record OpenLoad(LoopResult Loop, double ServerMicroseconds, double Switches, double Busy, double Stolen, LoopResult Floor)
{
    public double P50 => Loop.P50;

    public double P99 => Loop.P99;

    public double FloorP99 => Floor.P99;

    /// <param name="server">What is measured.</param>
    /// <param name="floor">See <see cref="FloorServerChild"/>.</param>
    /// <param name="target">The calls.</param>
    /// <param name="connections">What they share.</param>
    /// <param name="perSecond">Calls per second.</param>
    /// <param name="seconds">For how long the server is measured; the floor is measured for half as long.</param>
    public static OpenLoad Measure(ChildProcess server, ChildProcess floor, GrpcTarget target, int connections, double perSecond, double seconds)
    {
        var bare = Loops.Open(floor.Grpc, target, connections, perSecond, seconds / 2);
        var (before, slept, machine) = (server.ProcessorTime, server.Switches, MachineTime.Now());
        var loop = Loops.Open(server.Grpc, target, connections, perSecond, seconds);
        var (after, sleeps, then) = (server.ProcessorTime, server.Switches - slept, MachineTime.Now());
        var calls = loop.Latencies.Length;
        return new OpenLoad(loop, (after - before).TotalMicroseconds / calls, (double)sleeps / calls, then.BusySince(machine), then.StolenSince(machine), bare);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {P50:F2} p99 {P99:F2} p99.9 {Loop.P999:F2} ms, server {ServerMicroseconds:F1} us and {Switches:F2} switches, processors {Busy:P0} busy, {Stolen:P1} stolen, floor p50 {Floor.P50:F2} p99 {FloorP99:F2} ms");
}
