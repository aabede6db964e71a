using System.CommandLine;
using Microsoft.Extensions.Logging;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Cli;

/// <summary><c>--prediction-log</c>: decisions of a process that is no server, kept so that <c>zwml replay</c> can make them again.</summary>
internal sealed class DecisionLogOption
{
    private readonly Option<string?> _folder = new("--prediction-log")
    {
        Description = "Folder that keeps each decision for zwml replay: DATA/prediction-log of the data directory where the model is registered. Default: none is kept.",
    };

    public static DecisionLogOption AddTo(Command command)
    {
        var option = new DecisionLogOption();
        command.Options.Add(option._folder);
        return option;
    }

    /// <summary>Runs with the log, and writes what is in it at the end.</summary>
    public async Task<T> RunAsync<T>(ParseResult parse, ModerationEngine engine, string packageFolder, Func<IDecisionLog?, Task<T>> run, CancellationToken cancellationToken)
    {
        if (parse.GetValue(_folder) is not { } folder)
        {
            return await run(null);
        }

        var manifest = (await ModelPackageReader.OpenAsync(packageFolder, cancellationToken)).Manifest;
        using var logging = LoggerFactory.Create(LocalServer.QuietLogging);
        await using var log = DecisionLog.OpenFolder(folder, TimeProvider.System, logging.CreateLogger<PredictionLog>());
        var result = await run(new DecisionLog(log, new ModelName(manifest.Project, manifest.Name), 0, engine.Model));
        await log.FlushAsync(CancellationToken.None);
        if (log.DroppedRows > 0)
        {
            await Console.Error.WriteLineAsync($"The prediction log could not take {log.DroppedRows:N0} decisions.");
        }

        return result;
    }
}
