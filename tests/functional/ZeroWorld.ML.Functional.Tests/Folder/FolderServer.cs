using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A real server on free ports that serves a model folder.</summary>
internal sealed class FolderServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private ZeroWorldServer? _server;

    public string Models => _folder.Combine("models");

    public ZeroWorldServer Server => _server ?? throw new InvalidOperationException("The server is not started.");

    public ServableManager Servables => Server.Services.GetRequiredService<ServableManager>();

    public InferencePath Inferences => Server.Services.GetRequiredService<InferencePath>();

    /// <summary>Puts a model file in its place.</summary>
    public void Add(string name, int version, string file, string modelFile = "model.onnx") => Add(name, version, File.ReadAllBytes(file), modelFile);

    public void Add(string name, int version, byte[] content, string modelFile = "model.onnx")
    {
        var folder = Path.Combine(Models, name, $"{version}");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, modelFile), content);
    }

    public void Configure(string name, string text, string file = "model.yaml")
    {
        Directory.CreateDirectory(Path.Combine(Models, name));
        File.WriteAllText(Path.Combine(Models, name, file), text);
    }

    public async Task StartAsync(CancellationToken cancellationToken, params (string Key, string Value)[] settings)
    {
        Directory.CreateDirectory(Models);
        var flags = new Dictionary<string, string>
        {
            ["DataDirectory"] = _folder.Combine("data"),
            ["Server:HttpPort"] = "0",
            ["Server:GrpcPort"] = "0",
            ["Server:MetricsPort"] = "0",
            ["Models:Folder"] = Models,
        };
        foreach (var (key, value) in settings)
        {
            flags[key] = value;
        }

        _server = ZeroWorldServer.Create(ZeroWorldConfiguration.Load(new ConfigurationInputs { Flags = flags }), static logging => logging.SetMinimumLevel(LogLevel.None));
        await _server.StartAsync(cancellationToken);
    }

    public async Task<InferenceResult> InferAsync(string model, CancellationToken cancellationToken, params InferenceInput[] inputs) =>
        await Inferences.InferAsync(new InferenceRequest { ModelName = model, Inputs = inputs }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }
}
