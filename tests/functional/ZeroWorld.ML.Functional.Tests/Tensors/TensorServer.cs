using Grpc.Net.Client;
using Inference;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A real server over a folder of small models, one of every datatype; no error may be in its log when it is disposed.</summary>
public sealed class TensorServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ErrorCollector _errors = new();
    private ZeroWorldServer? _server;
    private GrpcChannel? _channel;

    internal ZeroWorldServer Server => _server!;

    internal GRPCInferenceService.GRPCInferenceServiceClient Grpc { get; private set; } = null!;

    internal HttpClient Http { get; } = new();

    internal string Models => _folder.Combine("models");

    internal ErrorCollector Log => _errors;

    public async ValueTask InitializeAsync() => await StartAsync(new Dictionary<string, string> { ["Server:SharedMemory"] = "true", ["Models:Control"] = "Explicit", ["Models:Load"] = "*" });

    internal static async Task<TensorServer> StartNewAsync(IReadOnlyDictionary<string, string> settings)
    {
        var server = new TensorServer();
        await server.StartAsync(settings);
        return server;
    }

    internal Uri Path(string path) => new(Server.Addresses.Http, path);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _channel?.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync();
        }

        _folder.Dispose();
        Assert.True(_errors.Messages.Count == 0, string.Join(Environment.NewLine, _errors.Messages.Take(5)));
    }

    private async Task StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        TensorModels.WriteSimple(Models);
        foreach (var dtype in Enum.GetValues<TensorDtype>())
        {
            TensorModels.WriteIdentity(Models, $"identity_{dtype.ToName().ToLowerInvariant()}", dtype, [-1, -1]);
        }

        TensorModels.WriteIdentity(Models, "fixed_fp32", TensorDtype.Float32, [-1, 4]);
        TensorModels.WriteIdentity(
            Models, "labelled", TensorDtype.Float32, [-1, 3], "max_batch_size: 8 output [ { name: \"OUTPUT0\" data_type: TYPE_FP32 dims: [3] label_filename: \"classes.txt\" } ]");
        await File.WriteAllLinesAsync(System.IO.Path.Combine(Models, "labelled", "classes.txt"), ["cat", "dog"]);
        TensorModels.WriteIdentity(Models, "one_string", TensorDtype.Bytes, [-1, 1]);
        TensorModels.WriteIdentity(Models, "scalar", TensorDtype.Float32, [], "max_batch_size: 0");
        TensorModels.WriteSlow(Models, "slow");
        var flags = new Dictionary<string, string>
        {
            ["DataDirectory"] = _folder.Combine("data"), ["Server:HttpPort"] = "0", ["Server:GrpcPort"] = "0", ["Server:MetricsPort"] = "0", ["Models:Folder"] = Models,
        };
        foreach (var (key, value) in settings)
        {
            flags[key] = value;
        }

        _server = ZeroWorldServer.Create(ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = flags }), logging => logging.AddProvider(_errors));
        await _server.StartAsync(CancellationToken.None);
        _channel = GrpcChannel.ForAddress(_server.Addresses.Grpc, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        Grpc = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
    }
}
