using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A real server on free ports with the fraud definitions applied; stopped, and its log looked at, when disposed.</summary>
internal sealed class FraudServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ErrorCollector _errors = new();

    private Action<IServiceCollection>? _configureServices;

    private FraudServer()
    {
    }

    public ZeroWorldServer Server { get; private set; } = null!;

    public ZeroWorldClient Client { get; private set; } = null!;

    public HttpClient Http { get; } = new();

    public FeatureServicePlan Plan { get; private set; } = null!;

    public string DataDirectory => _folder.Combine("data");

    /// <summary>Errors with this text in them are what a test is about.</summary>
    public void ExpectError(string text) => _errors.Expect(text);

    /// <summary>How many errors that are expected there were.</summary>
    public int ExpectedErrors => _errors.ExpectedCount;

    /// <summary>Waits until what was predicted is in the files of the log.</summary>
    public Task FlushLogAsync(CancellationToken cancellationToken) => Server.Services.GetRequiredService<PredictionLog>().FlushAsync(cancellationToken);

    /// <param name="redis">Address of the online store; <see langword="null"/>: embedded.</param>
    /// <param name="services">Replaces services.</param>
    public static async Task<FraudServer> StartAsync(string? redis, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? settings = null, Action<IServiceCollection>? services = null)
    {
        var fraud = new FraudServer { _configureServices = services };
        try
        {
            await fraud.OpenAsync(redis, settings, cancellationToken);
            return fraud;
        }
        catch
        {
            await fraud.CloseAsync();
            throw;
        }
    }

    /// <summary>Applies definitions beside those of fraud.</summary>
    /// <returns>A client with a deadline that only bounds a hang: the first call on a busy machine compiles all that it runs.</returns>
    public async Task<ZeroWorldClient> ApplyAsync(string path, string definitions, CancellationToken cancellationToken)
    {
        var client = new ZeroWorldClient(Server.Addresses.Grpc.ToString(), new ZeroWorldClientOptions { Timeout = TimeSpan.FromMinutes(3) });
        await client.Features.ApplyDefinitionsAsync(
            new ApplyDefinitionsRequest { Files = { await ReadDefinitionsAsync(cancellationToken), new V1.DefinitionFile { Path = path, Yaml = definitions } } },
            cancellationToken: cancellationToken);
        return client;
    }

    /// <summary>Starts the server again on the same data directory.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        Client.Dispose();
        await Server.StopAsync();
        await OpenAsync(null, null, cancellationToken);
    }

    /// <summary>Writes a package and registers it through the server.</summary>
    public async Task<ModelVersion> RegisterAsync(int seed, CancellationToken cancellationToken, int trees = 5, Action<string>? spoil = null, FeatureService? service = null)
    {
        var folder = _folder.Combine($"package-{Guid.NewGuid():N}");
        await FraudModel.WriteAsync(folder, service ?? Plan.Service, trees, seed, cancellationToken);
        spoil?.Invoke(folder);
        return await UploadAsync(folder, "fraud", cancellationToken);
    }

    public async Task<ModelVersion> UploadAsync(string folder, string model, CancellationToken cancellationToken)
    {
        string[] files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)!)];
        using var call = Client.Registry.RegisterModelVersion(cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(new RegisterModelVersionRequest { Header = new RegisterHeader { Model = model, Files = { files } } }, cancellationToken);
            foreach (var file in files)
            {
                var data = await File.ReadAllBytesAsync(Path.Combine(folder, file), cancellationToken);
                foreach (var chunk in data.Chunk(1 << 20))
                {
                    await call.RequestStream.WriteAsync(
                        new RegisterModelVersionRequest { Chunk = new FileChunk { File = file, Data = ByteString.CopyFrom(chunk) } }, cancellationToken);
                }
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The server refused before it had read all: the status is in the answer.
        }

        return await call.ResponseAsync;
    }

    public async Task SetAliasAsync(string alias, long version, CancellationToken cancellationToken) =>
        await Client.Registry.SetAliasAsync(new SetAliasRequest { Model = "fraud", Alias = alias, Version = version }, cancellationToken: cancellationToken);

    /// <summary>Fills the online store, and makes the server see its coverage.</summary>
    public async Task FillAsync(int entities, int events, CancellationToken cancellationToken)
    {
        await FraudStore.FillAsync(Server.Services.GetRequiredService<IOnlineStore>(), Plan, entities, events, cancellationToken);
        await Server.Services.GetRequiredService<CoverageCache>().RefreshAsync(cancellationToken);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancellationToken) =>
        await Http.PostAsync(new Uri(Server.Addresses.Http, path), new StringContent(json), cancellationToken);

    public static PredictionQuery Query(long customer = 1, long terminal = 1, double amount = 57.16) =>
        new PredictionQuery("fraud").WithEntity("customer_id", customer).WithEntity("terminal_id", terminal).WithValue("amount", amount).At(FraudStore.Now);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Assert.True(_errors.Messages.Count == 0, string.Join(Environment.NewLine, _errors.Messages.Take(5)));
    }

    private async Task OpenAsync(string? redis, IReadOnlyDictionary<string, string>? settings, CancellationToken cancellationToken)
    {
        var flags = new Dictionary<string, string>
        {
            ["DataDirectory"] = DataDirectory,
            ["Server:HttpPort"] = "0",
            ["Server:GrpcPort"] = "0",
            ["Server:MetricsPort"] = "0",
            ["Online:Redis"] = redis ?? "",
        };
        if (redis is null)
        {
            // On a machine that is busy with other tests a production timeout would make features unavailable that are there.
            flags["Serving:Prediction:FeatureTimeout"] = "30s";
            flags["Features:Redis:ReadTimeout"] = "30s";
        }

        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
        {
            flags[key] = value;
        }

        var configuration = ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = flags });
        Server = ZeroWorldServer.Create(configuration, logging => logging.AddProvider(_errors), _configureServices);
        await Server.StartAsync(cancellationToken);
        Client = new ZeroWorldClient(Server.Addresses.Grpc.ToString());
        await Client.Features.ApplyDefinitionsAsync(
            new ApplyDefinitionsRequest { Files = { await ReadDefinitionsAsync(cancellationToken) } }, cancellationToken: cancellationToken);
        Plan = await Server.Services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, "fraud", cancellationToken);
    }

    private static async Task<V1.DefinitionFile> ReadDefinitionsAsync(CancellationToken cancellationToken) =>
        new() { Path = "fraud.yaml", Yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), cancellationToken) };

    private async Task CloseAsync()
    {
        Http.Dispose();
        Client?.Dispose();
        if (Server is not null)
        {
            await Server.StopAsync();
        }

        _folder.Dispose();
    }
}
