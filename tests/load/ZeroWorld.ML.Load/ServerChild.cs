using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Functional.Tests;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Load;

/// <summary>The server in the child process: fraud definitions, a model of 100 trees, and a history for every entity.</summary>
internal static class ServerChild
{
    public const string Argument = "serve";
    public const int Entities = 2_000;
    public const int Events = 100;
    private const int Trees = 100;

    /// <summary>Where the child answers, and the model that it serves.</summary>
    public sealed record Ready(string Grpc, string ModelPath);

    /// <summary>Serves until the standard input ends; says where on the standard output.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (folder, redis) = (arguments[0], arguments[1]);
        return await RunAsync(folder, new() { ["Online:Redis"] = redis }, services => SetUpAsync(services, folder));
    }

    /// <summary>Serves with the settings of the default and some others, until the standard input ends; says where on the standard output.</summary>
    /// <param name="folder">Where its data lie.</param>
    /// <param name="settings">The others.</param>
    /// <param name="setUpAsync">Makes what it serves once it has started, and gives the path of a model or of the folder of them.</param>
    public static async Task<int> RunAsync(string folder, Dictionary<string, string> settings, Func<IServiceProvider, Task<string>> setUpAsync)
    {
        var configuration = ZeroWorldConfiguration.Load(new ConfigurationInputs
        {
            Flags = new Dictionary<string, string>(settings)
            {
                ["DataDirectory"] = Path.Combine(folder, "data"),
                ["Server:HttpPort"] = "0",
                ["Server:GrpcPort"] = "0",
                ["Server:MetricsPort"] = "0",
            },
        });
        await using var server = ZeroWorldServer.Create(configuration, static logging => logging.SetMinimumLevel(LogLevel.None));
        await server.StartAsync(CancellationToken.None);
        var path = await setUpAsync(server.Services);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new Ready(server.Addresses.Grpc.ToString(), path)));
        await ChildMemory.ServeAsync();
        return 0;
    }

    private static async Task<string> SetUpAsync(IServiceProvider services, string folder)
    {
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"));
        await services.GetRequiredService<DefinitionApplier>().ApplyAsync(DefinitionLoader.Load([new DefinitionFile("fraud.yaml", yaml)]), CancellationToken.None);
        var plan = await services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, "fraud", CancellationToken.None);
        var package = await FraudModel.WriteAsync(Path.Combine(folder, "package"), plan.Service, Trees, seed: 1, CancellationToken.None);
        var registry = services.GetRequiredService<ModelRegistry>();
        await registry.RegisterAsync(package.Directory, "load", CancellationToken.None);
        await registry.SetAliasAsync(new ModelName(ModelName.DefaultProject, "fraud"), "champion", 1, null, "load", CancellationToken.None);
        await FraudStore.FillAsync(services.GetRequiredService<IOnlineStore>(), plan, Entities, Events, CancellationToken.None);
        await services.GetRequiredService<ServableManager>().RefreshAsync(CancellationToken.None);
        await services.GetRequiredService<CoverageCache>().RefreshAsync(CancellationToken.None);
        return package.ModelPath;
    }
}
