using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Fraud;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>The transactions of the Fraud Detection Handbook with the features of the fraud service, computed by the feature store in a data directory of its own.</summary>
internal static class HandbookTransactions
{
    private const string FileName = "transactions.csv.gz";

    /// <param name="path">The folder of the published file, or the file.</param>
    /// <param name="from">First moment, microseconds.</param>
    /// <param name="to">End, exclusive.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no such file.</exception>
    public static async Task<ColumnFrame> LoadAsync(string path, long from, long to, CancellationToken cancellationToken)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (!File.Exists(file))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"path: there is no file '{file}'; expected the folder with {FileName}.");
        }

        var folder = Directory.CreateTempSubdirectory("zwml-handbook-").FullName;
        try
        {
            await using var server = await LocalServer.StartAsync(folder, mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            return await JoinAsync(server.Services, file, from, to, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<ColumnFrame> JoinAsync(IServiceProvider services, string file, long from, long to, CancellationToken cancellationToken)
    {
        var offline = services.GetRequiredService<IOfflineStore>();
        var job = new FraudJob(
            offline, services.GetRequiredService<Materializer>(), ModelName.DefaultProject, services.GetRequiredService<DataDirectory>().TrainingSets);
        await job.ImportAsync(file, cancellationToken);
        await services.GetRequiredService<DefinitionApplier>().ApplyAsync(FraudDefinitions.Load(), cancellationToken);
        var plan = await services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, FraudTables.Service, cancellationToken);
        await job.JoinAsync(plan, null, cancellationToken);
        var frame = await job.LoadAsync(plan.Service, from, to, cancellationToken);
        frame.Add(FraudColumns.Default.Time, frame.Get<long>(FeatureService.TimeValue));
        return frame;
    }
}
