using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>The part of <c>zwml train moderation</c> that trains a convolution: its package is scored by a runtime, as a transformer's is.</summary>
internal static class TrainConvolution
{
    private const int SampleTexts = 16;

    /// <param name="request">Its output folder is new or empty.</param>
    public static async Task<ConvolutionPackage> RunAsync(ModerationTrainingRequest request, ConvolutionSettings settings, StepConsole steps, CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateTempSubdirectory("zwml-").FullName;
        try
        {
            var fit = await steps.RunAsync("train", progress => Task.Run(() =>
            {
                var fit = ConvolutionTraining.Run(request, settings, scratch, progress, cancellationToken);
                return (fit, $"{fit.Data.Texts.Count:N0} texts");
            }, cancellationToken));
            await using var server = await LocalServer.StartScratchAsync(Path.Combine(scratch, "server"), cancellationToken);
            var packaged = await steps.RunAsync("package", _ => PackageAsync(request, settings, fit, server, cancellationToken));
            await server.StopAsync();
            return packaged;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static async Task<(ConvolutionPackage Packaged, string Detail)> PackageAsync(
        ModerationTrainingRequest request, ConvolutionSettings settings, ConvolutionFit fit, ZeroWorldServer server, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(fit.ModelPath)!;
        var source = new TransformerSource
        {
            Model = request.Model,
            ModelPath = fit.ModelPath,
            Tokenizer = fit.Tokenizer.Settings with { Vocabulary = Path.Combine(folder, fit.Tokenizer.Settings.Vocabulary) },
            Labels = fit.Data.Labels.Names,
            Texts = [.. fit.HeldOut.Texts.Take(SampleTexts)],
            Parameters = new Dictionary<string, string>(settings.ToParameters()) { [TransformerPackaging.IsExclusive] = fit.Data.Labels.IsExclusive ? "true" : "false" },
            Metrics = fit.Metrics,
        };
        using var made = new NewPackageFolder(request.OutputDirectory);
        var package = await TransformerPackaging.WriteAsync(source, request.OutputDirectory, server.Services.GetRequiredService<TokenModels>(), TimeProvider.System.GetUtcNow(), cancellationToken);
        var model = server.Services.GetRequiredService<TextModels>().Open(package);
        using var owned = model as IDisposable;
        var parity = await Task.Run(() => fit.Compare(model, cancellationToken), cancellationToken);
        var policy = PolicyChoice.Choose(ModerationPolicy.NameOf(request.Model.Name, package.Digest), package.Digest, fit.Probabilities, fit.HeldOut, request.Harmless, request.Review, request.Block);
        policy.Write(Path.Combine(request.OutputDirectory, "policy.json"));
        made.Keep();
        return (new ConvolutionPackage(package, fit.Metrics, policy, parity), package.Digest);
    }
}

/// <summary>A packaged convolution.</summary>
internal sealed record ConvolutionPackage(ModelPackage Package, IReadOnlyDictionary<string, double> Metrics, ModerationPolicy Policy, TextParity Parity);
