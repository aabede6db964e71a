using System.Net;
using System.Net.Sockets;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Between a client and a server on this machine: hands everything on until a text was sent so many times, and then nothing any more.</summary>
/// <remarks>So a process can be ended exactly between two steps, however fast or slow the machine is.</remarks>
internal sealed class HoldingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly byte[] _text;
    private readonly int _at;
    private readonly bool _handsOnTheLast;
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _end = new();
    private readonly List<TcpClient> _clients = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private int _seen;
    private bool _isHolding;

    /// <param name="port">Of the server.</param>
    /// <param name="text">What is counted in the client's requests.</param>
    /// <param name="at">At which of them it holds.</param>
    /// <param name="handsOnTheLast">Whether the server still gets that one; the client never gets the answer.</param>
    public HoldingProxy(int port, byte[] text, int at, bool handsOnTheLast)
    {
        (_port, _text, _at, _handsOnTheLast) = (port, text, at, handsOnTheLast);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Completes when it holds.</summary>
    public Task Held => _held.Task;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _port, _end.Token);
                _clients.AddRange([client, server]);
                pumps.Add(PumpAsync(client.GetStream(), server.GetStream(), isRequest: true));
                pumps.Add(PumpAsync(server.GetStream(), client.GetStream(), isRequest: false));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }

        await Task.WhenAll(pumps);
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool isRequest)
    {
        var (buffer, matched) = (new byte[1 << 16], 0);
        try
        {
            while (await from.ReadAsync(buffer, _end.Token) is > 0 and var count)
            {
                var handed = isRequest ? Count(buffer.AsSpan(0, count), ref matched) : IsHolding ? 0 : count;
                await to.WriteAsync(buffer.AsMemory(0, handed), _end.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One of the two is gone.
        }
    }

    private bool IsHolding
    {
        get
        {
            lock (_lock)
            {
                return _isHolding;
            }
        }
    }

    /// <returns>How many of the bytes are handed on.</returns>
    private int Count(ReadOnlySpan<byte> bytes, ref int matched)
    {
        lock (_lock)
        {
            for (var index = 0; index < bytes.Length && !_isHolding; index++)
            {
                // The text holds no beginning of itself further on, so one counter is enough.
                matched = bytes[index] == _text[matched] ? matched + 1 : bytes[index] == _text[0] ? 1 : 0;
                if (matched < _text.Length)
                {
                    continue;
                }

                matched = 0;
                if (++_seen == _at)
                {
                    _isHolding = true;
                    _held.TrySetResult();
                    return _handsOnTheLast ? bytes.Length : 0;
                }
            }

            return _isHolding ? 0 : bytes.Length;
        }
    }
}
