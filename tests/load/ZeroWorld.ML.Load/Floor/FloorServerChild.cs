using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace ZeroWorld.ML.Load;

/// <summary>What this machine can do at all, in a child process: every call is answered at once by the thread that waits on its connection, with nothing behind it.</summary>
/// <remarks>What the open loop shows of it is made by the machine, by the generator and by what else runs. See <see cref="OpenLoad"/>.</remarks>
internal static class FloorServerChild
{
    public const string Argument = "serve-floor";
    private const int Backlog = 16;

    /// <summary>Serves until the standard input ends; says where on the standard output.</summary>
    public static async Task<int> RunAsync()
    {
        // Never closed: a thread waits on it for as long as the process lives.
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(Backlog);
        new Thread(() => Accept(listener)) { IsBackground = true, Name = "floor" }.Start();
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new ServerChild.Ready($"http://{listener.LocalEndPoint}", "")));
        await ChildMemory.ServeAsync();
        return 0;
    }

    private static void Accept(Socket listener)
    {
        while (true)
        {
            var socket = listener.Accept();
            socket.NoDelay = true;
            new Thread(() =>
            {
                using var connection = new FloorConnection(socket);
                connection.Serve();
            })
            { IsBackground = true, Name = "floor" }.Start();
        }
    }
}
