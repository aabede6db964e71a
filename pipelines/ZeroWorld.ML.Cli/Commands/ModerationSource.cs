using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>What decides in a command: a package's model with a policy.</summary>
internal sealed class ModerationSource : IAsyncDisposable
{
    private readonly PackagedTextModel _model;

    private ModerationSource(ModerationEngine engine, PackagedTextModel model) => (Engine, _model) = (engine, model);

    public ModerationEngine Engine { get; }

    /// <param name="policyPath"><see langword="null"/> for the one in the package's folder.</param>
    public static async Task<ModerationSource> OpenAsync(string packageFolder, string? policyPath, CancellationToken cancellationToken)
    {
        var model = await PackagedTextModel.OpenAsync(packageFolder, cancellationToken);
        try
        {
            return new ModerationSource(ModerationEngine.Open(model.Package, model.Model, policyPath, TimeProvider.System), model);
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();
}
