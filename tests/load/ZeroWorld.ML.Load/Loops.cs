using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Load;

/// <summary>The two ways of asking: as fast as answers come, and as a schedule says.</summary>
/// <remarks>One thread per connection, which sends, waits and receives without any other.</remarks>
internal static partial class Loops
{
    // Below what a server allows per connection.
    private const int StreamsMax = 96;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(10);

    /// <summary>Keeps a number of calls in flight for a while.</summary>
    public static LoopResult Closed(Uri address, GrpcTarget target, int connections, int inFlight, double seconds) =>
        Run(address, target, connections, seconds, (connection, index, recorder) =>
        {
            var mine = (inFlight / connections) + (index < inFlight % connections ? 1 : 0);
            var next = index * 7919;
            var ended = 0;
            while (!recorder.IsOver)
            {
                while (connection.InFlight < mine && connection.HasRoom(target.Messages[next % target.Messages.Length].Length))
                {
                    connection.Send(target.Messages[next++ % target.Messages.Length], Stopwatch.GetTimestamp());
                }

                connection.Flush();
                connection.Receive(recorder.Record);
                ended++;
            }
        });

    /// <summary>Sends calls at a fixed rate, evenly, whether or not earlier ones were answered.</summary>
    /// <remarks>
    /// A call's latency counts from the moment at which it was due, so neither a slow server nor a late generator can hide anything.
    /// A call for which the connection has no stream left waits, and its wait counts.
    /// </remarks>
    public static LoopResult Open(Uri address, GrpcTarget target, int connections, double perSecond, double seconds) =>
        Run(address, target, connections, seconds, (connection, index, recorder) =>
        {
            var interval = Stopwatch.Frequency * connections / perSecond;
            var first = recorder.Started + (interval * index / connections);
            var sent = 0;
            while (!recorder.IsOver)
            {
                var now = Stopwatch.GetTimestamp();
                while (connection.InFlight < StreamsMax && first + (sent * interval) is var due && due <= now)
                {
                    connection.Send(target.Messages[((sent * connections) + index) % target.Messages.Length], (long)due);
                    sent++;
                }

                connection.Flush();
                var wait = first + (sent * interval) - Stopwatch.GetTimestamp();
                if (connection.InFlight >= StreamsMax || WaitForInput(connection.Socket, TimeSpan.FromSeconds(Math.Max(0, wait) / Stopwatch.Frequency)))
                {
                    connection.Receive(recorder.Record);
                }
            }
        });

    /// <param name="sorted">Ascending.</param>
    /// <param name="share">0 to 1.</param>
    public static double Percentile(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * share)];

    public static double Median(IEnumerable<double> values) => Percentile([.. values.Order()], 0.5);

    private static LoopResult Run(Uri address, GrpcTarget target, int connections, double seconds, Action<GrpcConnection, int, LoopRecorder> run)
    {
        var recorders = new LoopRecorder[connections];
        var failures = new Exception?[connections];
        using var ready = new Barrier(connections);
        var threads = Enumerable.Range(0, connections).Select(index => new Thread(() =>
        {
            try
            {
                using var connection = Connect(address, target, ready);
                recorders[index] = new LoopRecorder(Stopwatch.GetTimestamp(), seconds);
                run(connection, index, recorders[index]);
                Drain(connection, recorders[index]);
                recorders[index].Unanswered = connection.InFlight;
            }
#pragma warning disable CA1031 // Carried to the caller below.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failures[index] = exception;
            }
        })
        { Name = "load" }).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        return failures.FirstOrDefault(static failure => failure is not null) is { } failure
            ? throw new InvalidOperationException($"The load on {target.Path} broke off: {failure.Message}", failure)
            : LoopResult.Of(recorders, seconds);
    }

    /// <summary>Connects and makes one call; the clock starts when every connection has done so.</summary>
    private static GrpcConnection Connect(Uri address, GrpcTarget target, Barrier ready)
    {
        try
        {
            var connection = new GrpcConnection(address, target.Path);
            connection.Send(target.Messages[0], Stopwatch.GetTimestamp());
            connection.Flush();
            Drain(connection, new LoopRecorder(Stopwatch.GetTimestamp(), 1));
            ready.SignalAndWait();
            return connection;
        }
        catch
        {
            ready.RemoveParticipant();
            throw;
        }
    }

    private static void Drain(GrpcConnection connection, LoopRecorder recorder)
    {
        while (connection.InFlight > 0 && WaitForInput(connection.Socket, DrainTime))
        {
            connection.Receive(recorder.Record);
        }
    }

    /// <summary>Waits with the resolution of the system's timers, microseconds; <see cref="Socket.Poll(int, SelectMode)"/> has milliseconds.</summary>
    private static unsafe bool WaitForInput(Socket socket, TimeSpan time)
    {
        if (!OperatingSystem.IsLinux())
        {
            return socket.Poll(time, SelectMode.SelectRead);
        }

        var poll = new PollDescriptor { Descriptor = (int)socket.Handle, Events = 1 };
        var wait = new TimeSpec { Seconds = (long)time.TotalSeconds, Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * 100 };
        return PollPrecisely(&poll, 1, &wait, null) > 0;
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static unsafe partial int PollPrecisely(PollDescriptor* descriptors, nuint count, TimeSpec* timeout, void* signals);

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
