using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Cli;

/// <summary>A server inside a command: the configured settings, on free loopback ports.</summary>
internal static class LocalServer
{
    /// <summary>Settings of a command that reads no feature online: an embedded online store starts only if something else uses it.</summary>
    public static IReadOnlyDictionary<string, string> NoOnlineReads { get; } = new Dictionary<string, string> { ["Features:Embedded:StartsOnUse"] = "true" };

    /// <param name="dataDirectory">Full path of the data directory.</param>
    /// <param name="mayCreate">Whether a directory that is not there is made.</param>
    /// <param name="flags">Further settings. Streams are not read unless they say so.</param>
    /// <exception cref="HostingException">There is no such directory, another process writes in it, or it cannot be used.</exception>
    public static async Task<ZeroWorldServer> StartAsync(
        string dataDirectory, bool mayCreate, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? flags = null)
    {
        if (!mayCreate)
        {
            DataDirectory.OpenForReading(dataDirectory).Dispose();
        }

        var settings = new Dictionary<string, string>
        {
            ["DataDirectory"] = dataDirectory,
            ["Server:Host"] = "127.0.0.1",
            ["Server:HttpPort"] = "0",
            ["Server:GrpcPort"] = "0",
            ["Server:MetricsPort"] = "0",

            // Nobody else calls it.
            ["Server:CertificateFile"] = "",
            ["Server:CertificateKeyFile"] = "",
            ["Server:ClientAuthorityFile"] = "",
            ["Server:RestrictedFile"] = "",
            ["Streams:Enabled"] = "false",

            // A command asks once and goes: of all models it needs one at most.
            ["Serving:Servables:LoadOnRequest"] = "true",
        };
        foreach (var (key, value) in flags ?? new Dictionary<string, string>())
        {
            settings[key] = value;
        }

        var configuration = ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(settings));
        var server = ZeroWorldServer.Create(configuration, static logging =>
        {
            QuietLogging(logging);

            // The start itself reads the catalog, too, and what it meets is the command's error.
            logging.AddFilter("ZeroWorld.ML.Serving.ServableRefresher", LogLevel.None);
        });
        try
        {
            await server.StartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A server for the runtime alone: nothing of the configured stores, registry and models, in a folder that the caller deletes.</summary>
    public static Task<ZeroWorldServer> StartScratchAsync(string folder, CancellationToken cancellationToken) => StartAsync(
        folder,
        mayCreate: true,
        cancellationToken,
        new Dictionary<string, string>(NoOnlineReads) { ["Registry:Postgres"] = "", ["S3:Bucket"] = "", ["Online:Redis"] = "", ["Models:Folder"] = "" });

    /// <summary>The registry and the runs of a data directory, where the settings put them; without a server.</summary>
    /// <param name="dataDirectory">Full path.</param>
    public static RegistryAccess OpenRegistry(string dataDirectory) =>
        new(ZeroWorldConfiguration.Load(ConfigurationInputs.FromProcess(new Dictionary<string, string> { ["DataDirectory"] = dataDirectory })));

    /// <summary>Warnings and errors only, to standard error: a person looks at the command's own lines.</summary>
    public static void QuietLogging(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // Not ready yet is no news while a command is still making the model.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        logging.AddSimpleConsole(static console => console.SingleLine = true);
        logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
