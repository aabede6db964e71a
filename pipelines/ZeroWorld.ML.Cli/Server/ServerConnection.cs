using System.Globalization;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary>A client of the server that has a data directory: the running one, else one in this process on free ports for as long as the command lasts.</summary>
internal sealed class ServerConnection : IAsyncDisposable
{
    private readonly ZeroWorldServer? _server;

    private ServerConnection(ZeroWorldClient client, ZeroWorldServer? server)
    {
        Client = client;
        _server = server;
    }

    public ZeroWorldClient Client { get; }

    /// <param name="dataDirectory">Full path of the data directory.</param>
    /// <param name="mayCreate">Whether a directory that is not there is made.</param>
    /// <param name="flags">Further settings of the server in this process; a running one keeps its own.</param>
    /// <exception cref="HostingException">There is no such directory, or it cannot be used.</exception>
    public static async Task<ServerConnection> OpenAsync(
        string dataDirectory, bool mayCreate, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? flags = null)
    {
        if (DataDirectory.FindWriter(dataDirectory) is { } writer)
        {
            return writer.GrpcAddress is { } address
                ? new ServerConnection(CreateClient(address, dataDirectory), null)
                : throw new HostingException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The data directory '{dataDirectory}' is in use by process {writer.ProcessId}, which does not answer requests (yet). Try again, or stop it."));
        }

        var server = await LocalServer.StartAsync(dataDirectory, mayCreate, cancellationToken, flags);
        return new ServerConnection(new ZeroWorldClient(server.Addresses.Grpc.ToString()), server);
    }

    private static ZeroWorldClient CreateClient(string address, string dataDirectory)
    {
        var configuration = ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(new Dictionary<string, string> { ["DataDirectory"] = dataDirectory }));
        var server = configuration.Get<ServerOptions>();
        var call = configuration.Get<ServerCallOptions>();
        if (!string.IsNullOrEmpty(server.ClientAuthorityFile) && string.IsNullOrEmpty(call.CertificateFile))
        {
            throw new HostingException(
                $"The server of the data directory '{dataDirectory}' answers clients with a certificate only (setting {ServerOptions.Section}:{nameof(ServerOptions.ClientAuthorityFile)}); "
                + $"set {ServerCallOptions.Section}:{nameof(ServerCallOptions.CertificateFile)} and {ServerCallOptions.Section}:{nameof(ServerCallOptions.KeyFile)}.");
        }

        try
        {
            return new ZeroWorldClient(
                address,
                new ZeroWorldClientOptions
                {
                    Headers = server.ReadHeaders(),
                    AuthorityFile = EmptyToNull(call.AuthorityFile),
                    ClientCertificateFile = EmptyToNull(call.CertificateFile),
                    ClientKeyFile = EmptyToNull(call.KeyFile),
                    ServerName = EmptyToNull(call.ServerName),
                });
        }
        catch (ArgumentException exception)
        {
            throw new HostingException($"The settings of section {ServerCallOptions.Section} cannot be used: {exception.Message}", exception);
        }
    }

    private static string? EmptyToNull(string? text) => string.IsNullOrEmpty(text) ? null : text;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync();
        }
    }
}
