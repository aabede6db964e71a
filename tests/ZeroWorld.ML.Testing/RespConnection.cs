using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ZeroWorld.ML.Testing;

/// <summary>One connection that sends inline commands and reads simple answers: enough to set servers up, with no client library between.</summary>
internal sealed class RespConnection : IDisposable
{
    private readonly TcpClient _client;
    private readonly StreamReader _reader;

    private RespConnection(TcpClient client)
    {
        _client = client;
        _reader = new StreamReader(client.GetStream(), Encoding.Latin1);
    }

    public static async Task<RespConnection> OpenAsync(int port, CancellationToken cancellationToken)
    {
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return new RespConnection(client);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <returns>The text of a simple, integer or bulk string answer.</returns>
    /// <exception cref="InvalidOperationException">The server answered with an error.</exception>
    public async Task<string> SendAsync(string command, CancellationToken cancellationToken)
    {
        await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(command + "\r\n"), cancellationToken);
        var line = await _reader.ReadLineAsync(cancellationToken) ?? throw new IOException($"The server closed the connection on '{command}'.");
        switch (line[0])
        {
            case '-':
                throw new InvalidOperationException($"'{command}' was answered with {line}");
            case '$':
                var text = new char[int.Parse(line.AsSpan(1)) + 2];
                await _reader.ReadBlockAsync(text, cancellationToken);
                return new string(text, 0, text.Length - 2);
            default:
                return line[1..];
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
