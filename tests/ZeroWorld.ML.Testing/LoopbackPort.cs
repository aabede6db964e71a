using System.Net;
using System.Net.Sockets;

namespace ZeroWorld.ML.Testing;

/// <summary>Free TCP ports of the loopback address.</summary>
public static class LoopbackPort
{
    // Below the range that the system hands out for outgoing connections (also with 10,000 added, for a cluster bus):
    // a port stays free while its server is stopped and started again.
    private const int First = 10_000;
    private const int Last = 19_999;
    private static int s_next = First + (Environment.ProcessId * 37 % (Last - First));

    /// <summary>A port that nothing listened on just now. Another process may still take it first: retry the start.</summary>
    /// <param name="pairedOffset">When not 0, the port this much above is free too (a cluster bus).</param>
    public static int FindFree(int pairedOffset = 0)
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % (Last - First));
            if (IsFree(port) && (pairedOffset == 0 || IsFree(port + pairedOffset)))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No free loopback port between {First} and {Last} after 1000 attempts.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
