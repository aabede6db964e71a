using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A server with definitions of a test's own, its tables brought online, and models of its own making registered as champions.</summary>
internal sealed class DefinedServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FraudServer _server;

    private DefinedServer(FraudServer server, ZeroWorldClient client) => (_server, Client) = (server, client);

    public ZeroWorldClient Client { get; }

    public IOfflineStore Offline => _server.Server.Services.GetRequiredService<IOfflineStore>();

    public static async Task<DefinedServer> StartAsync(string definitions, CancellationToken cancellationToken)
    {
        var server = await FraudServer.StartAsync(null, cancellationToken);
        return new DefinedServer(server, await server.ApplyAsync("own.yaml", definitions, cancellationToken));
    }

    public string Combine(string name) => _folder.Combine(name);

    public async Task<FeatureServicePlan> PlanAsync(string service, CancellationToken cancellationToken) =>
        await _server.Server.Services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, service, cancellationToken);

    public async Task ImportAsync(string table, string csv, OfflineColumn[] columns, CancellationToken cancellationToken)
    {
        var path = _folder.Combine($"{table}.csv");
        await File.WriteAllTextAsync(path, csv, cancellationToken);
        await Offline.ImportAsync(new TableImport(ModelName.DefaultProject, table, path, columns, null), cancellationToken);
    }

    /// <summary>Brings the views of a service online, and makes the server see their coverage.</summary>
    public async Task MaterializeAsync(FeatureServicePlan plan, CancellationToken cancellationToken)
    {
        await _server.Server.Services.GetRequiredService<Materializer>().RunAsync([.. plan.Views.Select(static view => view.Field)], null, cancellationToken);
        await _server.Server.Services.GetRequiredService<CoverageCache>().RefreshAsync(cancellationToken);
    }

    /// <summary>Registers a graph with one golden sample, bound to a service, and makes it the champion.</summary>
    public async Task RegisterAsync(
        string model, OnnxGraphBuilder graph, FeatureService service, ManifestInput[] inputs, ManifestOutput output, GoldenSample golden, CancellationToken cancellationToken)
    {
        var folder = _folder.Combine($"{model}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        graph.Write(Path.Combine(folder, "model.onnx"));
        await ModelPackageWriter.WriteAsync(
            folder,
            new ModelPackageContent
            {
                Model = new ModelName(ModelName.DefaultProject, model),
                FeatureService = new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
                Inputs = inputs,
                Outputs = [output],
                GoldenSamples = [golden],
                Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
            },
            cancellationToken);
        await PromoteAsync(folder, model, cancellationToken);
    }

    /// <summary>Registers a package as the first version of its model and makes it the champion.</summary>
    public async Task PromoteAsync(string folder, string model, CancellationToken cancellationToken)
    {
        await UploadAsync(folder, model, cancellationToken);
        await Client.Registry.SetAliasAsync(new SetAliasRequest { Model = model, Alias = "champion", Version = 1 }, cancellationToken: cancellationToken);
    }

    public async Task UploadAsync(string folder, string model, CancellationToken cancellationToken) => await _server.UploadAsync(folder, model, cancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancellationToken) => _server.PostAsync(path, json, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }
}
