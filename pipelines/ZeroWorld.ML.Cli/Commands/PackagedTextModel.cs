using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>A package's text model, of either kind. One of a tokenizer and an ONNX file brings the runtime that serves, of this command alone.</summary>
internal sealed class PackagedTextModel : IAsyncDisposable
{
    private readonly ZeroWorldServer? _server;
    private readonly string? _scratch;

    private PackagedTextModel(ModelPackage package, ITextModel model, ZeroWorldServer? server, string? scratch) => (Package, Model, _server, _scratch) = (package, model, server, scratch);

    public ModelPackage Package { get; }

    public ITextModel Model { get; }

    public static async Task<PackagedTextModel> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        var package = await ModelPackageReader.OpenAsync(folder, cancellationToken);
        if (!TextModels.IsTransformer(package.Manifest))
        {
            return new PackagedTextModel(package, TextModelFile.Read(Path.Combine(folder, TextModelFile.Name)), null, null);
        }

        var scratch = Directory.CreateTempSubdirectory("zwml-").FullName;
        var server = await LocalServer.StartScratchAsync(Path.Combine(scratch, "server"), cancellationToken);
        return new PackagedTextModel(package, server.Services.GetRequiredService<TextModels>().Open(package), server, scratch);
    }

    public async ValueTask DisposeAsync()
    {
        (Model as IDisposable)?.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync();
            await _server.DisposeAsync();
            Directory.Delete(_scratch!, recursive: true);
        }
    }
}
