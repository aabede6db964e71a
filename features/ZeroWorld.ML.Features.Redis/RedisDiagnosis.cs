using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Finds out what the client does not tell about a connection.</summary>
internal static class RedisDiagnosis
{
    /// <summary>Whether a server takes the client for another user than it names: after a refused password the client goes on without one, and an open default user lets it.</summary>
    /// <param name="user">The user that is to be; empty: whichever.</param>
    /// <returns>Which server, and for whom; <see langword="null"/>: none does, or does not tell.</returns>
    public static async Task<string?> FindForeignUserAsync(ConnectionMultiplexer multiplexer, string? user)
    {
        if (string.IsNullOrEmpty(user))
        {
            return null;
        }

        foreach (var server in multiplexer.GetServers())
        {
            if (server is { IsConnected: true, IsReplica: false } && server.ServerType != ServerType.Sentinel && await ReadUserAsync(server).ConfigureAwait(false) is { } actual && actual != user)
            {
                return $"{RedisFailure.WrongPassword}the server at {RedisConnection.Format(server.EndPoint)} refuses the password of '{user}' and takes this client for '{actual}', a user that is open: "
                    + "nothing is read or written as that one";
            }
        }

        return null;
    }

    /// <summary>Whether one of the addresses speaks TLS although the settings do not say so, or speaks without although they do.</summary>
    /// <returns>The end of a sentence; <see langword="null"/>: none does.</returns>
    public static async Task<string?> FindWrongTlsAsync(ConfigurationOptions options)
    {
        var timeout = TimeSpan.FromMilliseconds(options.ConnectTimeout);
        foreach (var endPoint in options.EndPoints)
        {
            if (options.Ssl ? await SpeaksPlainAsync(endPoint, timeout).ConfigureAwait(false) : await SpeaksTlsAsync(endPoint, timeout).ConfigureAwait(false))
            {
                return RedisConnection.Format(endPoint) + (options.Ssl
                    ? " speaks without TLS: name its port for TLS, or leave ssl=true out of Online:Redis"
                    : " speaks TLS: add ssl=true to Online:Redis, and name the certificate of an authority of your own with Features:Redis:CertificateAuthorityFile");
            }
        }

        return null;
    }

    // A server of TLS takes this for the begin of a handshake and closes.
    private static async Task<bool> SpeaksPlainAsync(EndPoint endPoint, TimeSpan timeout)
    {
        using var stop = new CancellationTokenSource(timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint, stop.Token).ConfigureAwait(false);
            await socket.SendAsync("*1\r\n$4\r\nPING\r\n"u8.ToArray(), stop.Token).ConfigureAwait(false);
            var answer = new byte[1];
            return await socket.ReceiveAsync(answer, stop.Token).ConfigureAwait(false) == 1 && answer[0] is (byte)'+' or (byte)'-';
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> SpeaksTlsAsync(EndPoint endPoint, TimeSpan timeout)
    {
        var isCertificateSeen = false;
        using var stop = new CancellationTokenSource(timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint, stop.Token).ConfigureAwait(false);
            using var network = new NetworkStream(socket);

            // Never trusted, so nothing is ever said to it.
            using var tls = new SslStream(network, leaveInnerStreamOpen: true, (_, _, _, _) =>
            {
                isCertificateSeen = true;
                return false;
            });
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            return isCertificateSeen;
        }
    }

    private static async Task<string?> ReadUserAsync(IServer server)
    {
        const string Name = "user=";
        try
        {
            var answer = (string?)await server.ExecuteAsync("CLIENT", "INFO").ConfigureAwait(false);
            return answer?.Split(' ').FirstOrDefault(static item => item.StartsWith(Name, StringComparison.Ordinal))?[Name.Length..];
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // Older servers do not know it, some users may not ask, and one that is gone again has nothing to tell.
            return null;
        }
    }
}
