using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A POST over HTTP/1.1 whose last byte is kept back: a request that the server has accepted and cannot answer yet.</summary>
internal sealed class SlowRequest(Uri address, string path, string json) : IDisposable
{
    private readonly TcpClient _connection = new();

    public void Dispose() => _connection.Dispose();

    /// <summary>Sends all but the last byte, and returns when the server has begun to read it.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await _connection.ConnectAsync(address.Host, address.Port, cancellationToken);
        var head = string.Create(
            CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        var stream = _connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken);

        // "HTTP/1.1 100 Continue" and an empty line come when an endpoint asks for the body.
        var room = new byte[25];
        await stream.ReadExactlyAsync(room, cancellationToken);
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(room), StringComparison.Ordinal);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(json[..^1]), cancellationToken);
    }

    /// <summary>Sends the last byte.</summary>
    /// <returns>The whole answer, status line and headers included.</returns>
    public async Task<string> EndAsync(CancellationToken cancellationToken)
    {
        var stream = _connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(json[^1..]), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
