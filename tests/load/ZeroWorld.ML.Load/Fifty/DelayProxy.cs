using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ZeroWorld.ML.Load;

/// <summary>A TCP port in front of another that hands on what that one answers with a delay, in order and without loss: a server that is far away, not one that is slow at work.</summary>
internal sealed class DelayProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private long _delayTicks;

    /// <param name="target">The port that answers.</param>
    public DelayProxy(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public TimeSpan Delay
    {
        get => new(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);

            // Whichever side ends first ends the connection.
            await Task.WhenAny(CopyAsync(client, server, isDelayed: false), CopyAsync(server, client, isDelayed: true));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // The connection ends, as it would without anybody in between.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isDelayed)
    {
        // A bounded number of pieces is under way: beyond it the sender waits, as it would for a full window.
        var pieces = Channel.CreateBounded<(byte[] Bytes, DateTimeOffset Due)>(4_096);
        var sending = SendAsync(pieces.Reader, to);
        try
        {
            var buffer = new byte[64 << 10];
            while (await from.ReceiveAsync(buffer, _stopping.Token) is > 0 and var count)
            {
                await pieces.Writer.WriteAsync((buffer[..count], TimeProvider.System.GetUtcNow() + (isDelayed ? Delay : TimeSpan.Zero)), _stopping.Token);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }

        pieces.Writer.Complete();
        await sending;
    }

    private async Task SendAsync(ChannelReader<(byte[] Bytes, DateTimeOffset Due)> pieces, Socket to)
    {
        try
        {
            await foreach (var (bytes, due) in pieces.ReadAllAsync(_stopping.Token))
            {
                if (due - TimeProvider.System.GetUtcNow() is var wait && wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _stopping.Token);
                }

                await to.SendAsync(bytes, _stopping.Token);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // As above.
        }
    }
}
