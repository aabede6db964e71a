using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Redis;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Pipelines.Fraud;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary>The whole fraud job on a started server: transactions, features, training, registry, online store, predictions, replay.</summary>
internal sealed class DemoRun(ZeroWorldServer server, DemoOptions options, StepConsole console)
{
    public const int StepCount = 9;

    // Who the registry's audit says did it.
    private const string Actor = "zwml demo";

    private readonly IServiceProvider _services = server.Services;
    private readonly DataDirectory _directory = server.Services.GetRequiredService<DataDirectory>();

    /// <exception cref="FeatureException">A step failed; what the steps before it made stays.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        var offline = _services.GetRequiredService<IOfflineStore>();
        var materializer = new Materializer(offline, _services.GetRequiredService<IMaterializationLedger>(), TimeProvider.System);
        var job = new FraudJob(offline, materializer, ModelName.DefaultProject, _directory.TrainingSets);

        var path = await console.RunAsync("transactions", progress => SimulateAsync(progress, cancellationToken));
        var table = await console.RunAsync("offline table", async _ =>
        {
            var summary = await job.ImportAsync(path, cancellationToken);
            return (summary, $"{summary.Rows:N0} rows, {Time(summary.FirstTime)} to {Time(summary.LastTime)}");
        });
        var plan = await console.RunAsync("feature definitions", _ => ApplyAsync(cancellationToken));
        var set = await console.RunAsync("point-in-time training set", async progress =>
        {
            var built = await job.JoinAsync(plan, new RowShare(progress, table.Rows), cancellationToken);
            return (built, $"{built.Rows:N0} rows x {plan.Service.Columns.Count} features");
        });
        var training = await console.RunAsync("training", progress => TrainAsync(job, plan, set, progress, cancellationToken));
        var version = await console.RunAsync("registry", _ => RegisterAsync(training.Package, cancellationToken));
        var (testFrom, testTo) = (training.Default.Split.TestFrom.Microseconds, training.Default.Split.TestTo.Microseconds);
        var materialization = await console.RunAsync("online store", async progress =>
        {
            var result = await job.MaterializeAsync(plan, testTo, new RowShare(progress, 2 * table.Rows), cancellationToken);

            // The server would see the new coverage within a second; the first prediction comes sooner.
            await _services.GetRequiredService<CoverageCache>().RefreshAsync(cancellationToken);
            return (result, string.Join(", ", result.Views.Select(static view => $"{view.View}: {view.Rows:N0} events of {view.Entities:N0} entities")));
        });
        using var client = new ZeroWorldClient(server.Addresses.Grpc.ToString());
        var sample = DemoSample.Draw(await job.LoadAsync(plan.Service, testFrom, testTo, cancellationToken), options.Predictions, options.Seed);
        var predictions = await console.RunAsync("predictions by entity id", async progress =>
        {
            var made = await DemoPredictor.RunAsync(client, sample, options.Shown, progress, cancellationToken);
            return (made, $"{made.Count:N0} over gRPC, p50 {made.Latency.P50:0.00} ms, p99 {made.Latency.P99:0.00} ms");
        });
        var replay = await console.RunAsync("replay of a prediction", async _ =>
        {
            var answer = await client.ReplayAsync(predictions.Shown[0].Answer.PredictionId, cancellationToken: cancellationToken);
            return (answer, answer.Equal ? "equal, bit for bit" : "DIFFERENT");
        });
        return new DemoReport
        {
            Table = table,
            TrainingSet = set,
            Training = training,
            ModelVersion = version,
            Materialization = materialization,
            Predictions = predictions,
            Replay = replay,
        };
    }

    private async Task<(string Path, string Summary)> SimulateAsync(IProgress<double> progress, CancellationToken cancellationToken)
    {
        if (options.Transactions is { } given)
        {
            return File.Exists(given)
                ? (given, given)
                : throw new FeatureException(FeatureError.NotFound, $"There is no transactions file '{given}'.");
        }

        var simulation = new SimulationOptions { Seed = options.Seed };
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_directory.Root, "simulated")).FullName, "transactions.csv.gz");
        var summary = await TransactionCsvWriter.WriteAsync(path, simulation, new RowShare(progress, SimulateCommand.ExpectedRows(simulation)), cancellationToken);
        return (path, $"{summary.Transactions:N0} simulated with seed {options.Seed}, {summary.Frauds:N0} frauds");
    }

    private async Task<(FeatureServicePlan Plan, string Summary)> ApplyAsync(CancellationToken cancellationToken)
    {
        var definitions = FraudDefinitions.Load();
        var change = await _services.GetRequiredService<DefinitionApplier>().ApplyAsync(definitions, cancellationToken);
        var plan = await _services.GetRequiredService<FeatureServiceCatalog>().GetAsync(definitions.Project, FraudTables.Service, cancellationToken);
        return (plan, $"{definitions.Views.Count} views, service '{plan.Service.Name}' {plan.Service.Fingerprint[..12]}{(!change.HasChanges ? ", unchanged" : "")}");
    }

    private async Task<(FraudTrainingResult Result, string Summary)> TrainAsync(
        FraudJob job, FeatureServicePlan plan, TrainingSet set, IProgress<double> progress, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(_directory.Root, "trained", string.Create(CultureInfo.InvariantCulture, $"fraud-{Guid.NewGuid():N}"));
        var frame = await job.LoadAsync(plan.Service, long.MinValue, long.MaxValue, cancellationToken);
        var result = await new FraudTraining(TimeProvider.System).RunAsync(
            new FraudTrainingRequest
            {
                Frame = frame,
                Columns = FraudColumns.Default with { Time = FeatureService.TimeValue },
                FeatureService = new FeatureServiceReference(plan.Service.Project, plan.Service.Name, plan.Service.Fingerprint),
                TrainingSetFingerprint = set.Fingerprint,
                OutputDirectory = folder,
                Scorer = _services.GetRequiredService<IModelScorer>(),
            },
            new Steps(progress),
            cancellationToken);
        var parity = result.Parity is { } checkedRows ? $", ONNX parity {checkedRows.MaxDifference:0.0e0} on {checkedRows.Rows:N0} rows" : "";
        return (result, $"{result.Trials.Count} settings tried, {result.Default.Seeds.Count} seeds{parity}");
    }

    private async Task<(long Version, string Summary)> RegisterAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        var registry = _services.GetRequiredService<ModelRegistry>();
        var version = await registry.RegisterAsync(package.Directory, Actor, cancellationToken);
        var model = new ModelName(package.Manifest.Project, package.Manifest.Name);
        await registry.SetAliasAsync(model, FraudTables.Champion, version.Version, null, Actor, cancellationToken);
        await _services.GetRequiredService<ServableManager>().RefreshAsync(cancellationToken);
        return (version.Version, $"{model.Name} version {version.Version}, alias {FraudTables.Champion}, {package.Digest[..19]}");
    }

    private static string Time(long? microseconds) => microseconds is { } known ? UnixMicroseconds.ToText(known) : "-";

    private sealed class Steps(IProgress<double> inner) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => inner.Report((double)value.Done / Math.Max(1, value.Total));
    }
}
