using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>What decides in a command: a package's model, of either kind, with a policy. A transformer brings the runtime that serves, of this command alone.</summary>
internal sealed class ModerationSource : IAsyncDisposable
{
    private readonly ZeroWorldServer? _server;
    private readonly string? _scratch;
    private readonly ITextModel _model;

    private ModerationSource(ModerationEngine engine, ITextModel model, ZeroWorldServer? server, string? scratch) => (Engine, _model, _server, _scratch) = (engine, model, server, scratch);

    public ModerationEngine Engine { get; }

    /// <param name="policyPath"><see langword="null"/> for the one in the package's folder.</param>
    public static async Task<ModerationSource> OpenAsync(string packageFolder, string? policyPath, CancellationToken cancellationToken)
    {
        var package = await ModelPackageReader.OpenAsync(packageFolder, cancellationToken);
        if (!TextModels.IsTransformer(package.Manifest))
        {
            var plain = TextModelFile.Read(Path.Combine(packageFolder, TextModelFile.Name));
            return new ModerationSource(ModerationEngine.Open(package, plain, policyPath, TimeProvider.System), plain, null, null);
        }

        var scratch = Directory.CreateTempSubdirectory("zwml-").FullName;
        var server = await LocalServer.StartScratchAsync(Path.Combine(scratch, "server"), cancellationToken);
        var model = server.Services.GetRequiredService<TextModels>().Open(package);
        return new ModerationSource(ModerationEngine.Open(package, model, policyPath, TimeProvider.System), model, server, scratch);
    }

    public async ValueTask DisposeAsync()
    {
        (_model as IDisposable)?.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync();
            await _server.DisposeAsync();
            Directory.Delete(_scratch!, recursive: true);
        }
    }
}
