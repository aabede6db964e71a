using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Benchmarks;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Functional.Tests;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Load;

/// <summary>The server in a child process: a model of 100 trees over 50 features in 5 views of one entity.</summary>
internal static class FiftyServerChild
{
    public const string Argument = "serve-fifty";
    public const string Model = "fifty";
    public const int Entities = 1_000;
    private const int Trees = 100;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (folder, redis) = (arguments[0], arguments[1]);
        var settings = new Dictionary<string, string>
        {
            ["Online:Redis"] = redis,

            // Requests that need the slow shard wait for it: none may be spared the wait by a timeout.
            ["Serving:Prediction:FeatureTimeout"] = "00:00:01",
            ["Features:Redis:ReadTimeout"] = "00:00:01",
        };
        return await ServerChild.RunAsync(folder, settings, services => SetUpAsync(services, folder));
    }

    private static async Task<string> SetUpAsync(IServiceProvider services, string folder)
    {
        var yaml = FiftyFeatures.Definitions(isWindows: false);
        await services.GetRequiredService<DefinitionApplier>().ApplyAsync(DefinitionLoader.Load([new DefinitionFile("fifty.yaml", yaml)]), CancellationToken.None);
        var plan = await services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, "all", CancellationToken.None);
        var package = await FraudModel.WriteAsync(Path.Combine(folder, "package"), plan.Service, Trees, seed: 1, CancellationToken.None, Model);
        var registry = services.GetRequiredService<ModelRegistry>();
        await registry.RegisterAsync(package.Directory, "load", CancellationToken.None);
        await registry.SetAliasAsync(new ModelName(ModelName.DefaultProject, Model), "champion", 1, null, "load", CancellationToken.None);

        var fifty = new FiftyFeatures(isWindows: false);
        var store = services.GetRequiredService<IOnlineStore>();
        await fifty.WriteAsync(store, Entities, CancellationToken.None);
        foreach (var field in fifty.Fields)
        {
            await store.WriteCoverageAsync(field, new ViewCoverage(long.MinValue, FiftyFeatures.Now), CancellationToken.None);
        }

        await services.GetRequiredService<ServableManager>().RefreshAsync(CancellationToken.None);
        await services.GetRequiredService<CoverageCache>().RefreshAsync(CancellationToken.None);
        return package.ModelPath;
    }
}
