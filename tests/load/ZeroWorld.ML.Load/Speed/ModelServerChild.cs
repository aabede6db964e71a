using System.Text.Json;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Hosting;

namespace ZeroWorld.ML.Load;

/// <summary>The server in a child process, with a model folder and nothing else: as it is configured by default.</summary>
internal static class ModelServerChild
{
    public const string Argument = "serve-models";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (folder, models) = (arguments[0], arguments[1]);
        var configuration = ZeroWorldConfiguration.Load(new ConfigurationInputs
        {
            Flags = new Dictionary<string, string>
            {
                ["DataDirectory"] = Path.Combine(folder, "data"),
                ["Server:HttpPort"] = "0",
                ["Server:GrpcPort"] = "0",
                ["Server:MetricsPort"] = "0",
                ["Models:Folder"] = models,
            },
        });
        await using var server = ZeroWorldServer.Create(configuration, static logging => logging.SetMinimumLevel(LogLevel.None));
        await server.StartAsync(CancellationToken.None);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new ServerChild.Ready(server.Addresses.Grpc.ToString(), models)));
        await ChildMemory.ServeAsync();
        return 0;
    }
}
