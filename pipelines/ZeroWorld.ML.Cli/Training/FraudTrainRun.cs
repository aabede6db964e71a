using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>A table to a tracked run, a package, a verdict and a registered version.</summary>
internal sealed class FraudTrainRun(FraudTrainOptions options, StepConsole console)
{
    public const int StepCount = 3;

    private const string Champion = "champion";
    private const string Challenger = "challenger";

    /// <exception cref="TrainingException">As <see cref="FraudTableTraining.RunAsync"/>; a run that cannot be resumed.</exception>
    public async Task<FraudTrainReport> RunAsync(CancellationToken cancellationToken)
    {
        var (table, test) = await console.RunAsync("table", async _ =>
        {
            var read = await TableFile.ReadAsync(options.Data, cancellationToken);
            var held = options.Test is { } path ? await TableFile.ReadAsync(path, cancellationToken) : null;
            return ((read, held), string.Create(CultureInfo.InvariantCulture, $"{read.Frame.Rows:N0} rows x {read.Columns.Count} columns"));
        });
        if (!Directory.Exists(options.Directory))
        {
            DataDirectory.OpenForWriting(options.Directory).Dispose();
        }

        var registry = new ModelRegistryOptions { DataDirectory = options.Directory };
        using var store = RunStore.Open(registry);
        await using var run = await FraudRunTracker.OpenAsync(store, options, await FingerprintAsync(cancellationToken), cancellationToken);
        try
        {
            var (result, version, alias) = await TrainAsync(registry, run, table, test, cancellationToken);
            return new FraudTrainReport(options, result, run.Id, version, alias);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await run.FailAsync(exception.Message);
            throw;
        }
        catch (OperationCanceledException)
        {
            await run.CancelAsync();
            throw;
        }
    }

    private async Task<(FraudTableResult Result, long? Version, string? Alias)> TrainAsync(
        ModelRegistryOptions registryOptions, FraudRunTracker run, TableFileContent table, TableFileContent? test, CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateTempSubdirectory("zwml-train-").FullName;
        try
        {
            // Parity and the champion run in the runtime that serves; its data directory is of this command alone, so that a running server is not in the way.
            await using var server = await LocalServer.StartAsync(Path.Combine(scratch, "server"), mayCreate: true, cancellationToken);
            using var registry = new ModelRegistry(
                registryOptions,
                new FolderArtifactStore(registryOptions.ArtifactsPath),
                server.Services.GetRequiredService<IPackageVerifier>(),
                TimeProvider.System,
                NullLogger<ModelRegistry>.Instance);
            var champion = await FindChampionAsync(registry, cancellationToken);
            var request = new FraudTableRequest
            {
                Frame = table.Frame,
                Types = table.Columns.ToDictionary(static column => column.Name, static column => column.Type),
                Columns = options.Columns,
                Test = test?.Frame,
                Settings = options.Settings,
                Model = options.Model,
                DataFingerprint = run.Fingerprint,
                OutputDirectory = options.Output ?? Path.Combine(scratch, "package"),
                Scorer = server.Services.GetRequiredService<IModelScorer>(),
                Champion = champion,
                KnownTrials = run.KnownTrials,
                OnTrial = trial => run.AddTrialAsync(trial, cancellationToken),
            };
            var result = await console.RunAsync("training", async progress =>
            {
                var trained = await new FraudTableTraining(TimeProvider.System).RunAsync(request, new TrainingShare(progress), cancellationToken);
                return (trained, string.Create(
                    CultureInfo.InvariantCulture, $"{trained.Trials.Count} trials, {trained.Algorithm}, ONNX parity {trained.Parity.MaxDifference:0.0e0} on {trained.Parity.Rows:N0} rows"));
            });
            var (version, alias) = await console.RunAsync("registry", async _ =>
            {
                var registered = options.Output is null ? await RegisterAsync(result, champion is not null, cancellationToken) : (null, null);
                return (registered, registered.Version is { } number
                    ? $"{options.Model.Name} version {number}{(registered.Alias is { } name ? $", alias {name}" : ", no alias: the gate was not passed")}"
                    : $"not registered: {options.Output}");
            });
            await server.StopAsync();
            await run.FinishAsync(result, version, alias, cancellationToken);
            return (result, version, alias);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private async Task<ModelPackage?> FindChampionAsync(ModelRegistry registry, CancellationToken cancellationToken)
    {
        var versions = await registry.ListVersionsAsync(options.Model.Project, cancellationToken);
        var champion = versions.FirstOrDefault(version => version.Model == options.Model && version.Aliases.Contains(Champion));
        return champion is null ? null : await registry.OpenAsync(champion.Digest, cancellationToken);
    }

    // Every model is kept; one that passed the gate is the challenger, the first one the champion.
    private async Task<(long? Version, string? Alias)> RegisterAsync(FraudTableResult result, bool hasChampion, CancellationToken cancellationToken)
    {
        await using var connection = await ServerConnection.OpenAsync(options.Directory, mayCreate: true, cancellationToken);
        var version = await ModelsCommand.UploadAsync(connection, options.Model.Project, options.Model.Name, result.Package.Directory, cancellationToken);
        if (!result.Gate.IsPassed)
        {
            return (version.Version, null);
        }

        var alias = hasChampion ? Challenger : Champion;
        await connection.Client.Registry.SetAliasAsync(
            new SetAliasRequest { Project = options.Model.Project, Model = options.Model.Name, Alias = alias, Version = version.Version }, cancellationToken: cancellationToken);
        return (version.Version, alias);
    }

    /// <summary>Of the bytes of the files, the columns and the settings: equal ones give equal trials.</summary>
    private async Task<string> FingerprintAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in (string?[])[options.Data, options.Test])
        {
            if (path is not null)
            {
                await using var stream = File.OpenRead(path);
                hash.AppendData(await SHA256.HashDataAsync(stream, cancellationToken));
            }
        }

        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(options.Columns)));
        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(options.Settings with { Gate = new EvaluationGate(), Costs = null })));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
