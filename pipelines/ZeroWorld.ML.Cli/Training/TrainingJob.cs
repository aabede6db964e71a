using Grpc.Core;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>The frame around the training of every family: a tracked run, the champion, the gate's verdict, and a registered version with its alias.</summary>
/// <remarks>
/// Runs and the champion come from where the settings of the data directory put them (SQLite or PostgreSQL, a folder or a bucket); the package is registered through the server
/// of the data directory, a running one or one for as long as it takes. Every model is kept. One that passed the gate gets an alias, unless the alias has moved meanwhile.
/// </remarks>
internal sealed class TrainingJob(TrainingTarget target, StepConsole console)
{
    /// <summary>Steps that this shows: the training and the registry.</summary>
    public const int StepCount = 2;

    private const string Champion = "champion";
    private const string Challenger = "challenger";

    /// <param name="start">Parameters and tags of the run; project and experiment are the target's.</param>
    /// <param name="fingerprint">Of data, columns and settings: equal ones give equal trials.</param>
    /// <param name="trialMetric">What trials are measured by.</param>
    /// <param name="train">The family's own work: data to a package, judged by the gate against the champion on the same rows. The text is shown when it is done.</param>
    /// <exception cref="TrainingException">As the family's; a run that cannot be resumed.</exception>
    /// <exception cref="RegistryException">The registry or the runs cannot be used.</exception>
    public async Task<TrainingReport<T>> RunAsync<T>(
        RunStart start,
        string fingerprint,
        string trialMetric,
        Func<TrainingContext, IProgress<TrainingProgress>, Task<(T Result, TrainingOutcome Outcome, string Summary)>> train,
        CancellationToken cancellationToken)
    {
        if (!DataDirectory.Exists(target.Directory))
        {
            // Made before the training, not after it: a folder that is none is refused while nothing is lost.
            DataDirectory.OpenForWriting(target.Directory).Dispose();
        }

        using var registry = LocalServer.OpenRegistry(target.Directory);
        var named = start with { Project = target.Model.Project, Experiment = target.Model.Name };
        await using var run = await RunTracker.OpenAsync(registry.Runs, named, fingerprint, trialMetric, target.Resume, TimeProvider.System, cancellationToken);
        var scratch = Directory.CreateTempSubdirectory("zwml-train-").FullName;
        try
        {
            var (result, outcome, hasChampion) = await TrainAsync(registry.Models, run, scratch, train, cancellationToken);
            var (version, alias) = await console.RunAsync("registry", async _ =>
            {
                var registered = target.Output is null ? await RegisterAsync(outcome, hasChampion, cancellationToken) : (null, null);
                return (registered, Describe(registered.Version, registered.Alias));
            });
            await run.FinishAsync(outcome, version, alias, cancellationToken);
            CheckpointsOf(run).Delete();
            return new TrainingReport<T>(result, outcome, run.Run.Id, version, alias);
        }
        catch (TrainingException exception) when (exception.Error == TrainingError.CheckpointFailed)
        {
            // A full disk: the run is taken up again with what it had.
            await run.InterruptAsync(exception.Message);
            throw;
        }
        catch (RegistryException exception) when (exception.Error == RegistryError.StoreUnavailable)
        {
            // So it is when the database of runs is away, which cannot be told that then.
            await run.InterruptAsync(exception.Message);
            throw Kept(run, exception.Message, exception);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Unavailable)
        {
            // The same, told by the server that registers: what was learned is not lost with the store.
            await run.InterruptAsync(exception.Status.Detail);
            throw Kept(run, exception.Status.Detail, exception);
        }
        catch (Exception exception)
        {
            await run.EndAsync(exception);
            CheckpointsOf(run).Delete();
            throw;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private async Task<(T Result, TrainingOutcome Outcome, bool HasChampion)> TrainAsync<T>(
        ModelRegistry models,
        RunTracker run,
        string scratch,
        Func<TrainingContext, IProgress<TrainingProgress>, Task<(T Result, TrainingOutcome Outcome, string Summary)>> train,
        CancellationToken cancellationToken)
    {
        await using var server = await LocalServer.StartScratchAsync(Path.Combine(scratch, "server"), cancellationToken);
        var champion = await FindChampionAsync(models, cancellationToken);
        var context = new TrainingContext(run, champion, target.Output ?? Path.Combine(scratch, "package"), CheckpointsOf(run), server.Services);
        var (result, outcome) = await console.RunAsync("training", async progress =>
        {
            var trained = await train(context, new TrainingShare(progress));
            return ((trained.Result, trained.Outcome), trained.Summary);
        });
        await server.StopAsync();
        return (result, outcome, champion is not null);
    }

    private async Task<ModelPackage?> FindChampionAsync(ModelRegistry models, CancellationToken cancellationToken)
    {
        var versions = await models.ListVersionsAsync(target.Model.Project, cancellationToken);
        var champion = versions.FirstOrDefault(version => version.Model == target.Model && version.Aliases.Contains(Champion));
        return champion is null ? null : await models.OpenAsync(champion.Digest, cancellationToken);
    }

    private async Task<(long? Version, string? Alias)> RegisterAsync(TrainingOutcome outcome, bool hasChampion, CancellationToken cancellationToken)
    {
        await using var connection = await ServerConnection.OpenAsync(target.Directory, mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
        var version = await ModelsCommand.UploadAsync(connection, target.Model.Project, target.Model.Name, outcome.Package.Directory, cancellationToken);
        if (!outcome.Gate.IsPassed)
        {
            return (version.Version, null);
        }

        var request = new SetAliasRequest
        {
            Project = target.Model.Project, Model = target.Model.Name, Alias = target.Alias ?? (hasChampion ? Challenger : Champion), Version = version.Version,
        };
        if (target.Alias is null && !hasChampion)
        {
            // Judged as the first model: one that became champion meanwhile was not compared with.
            request.ExpectedVersion = 0;
        }

        await connection.Client.Registry.SetAliasAsync(request, cancellationToken: cancellationToken);
        return (version.Version, request.Alias);
    }

    private static RegistryException Kept(RunTracker run, string reason, Exception cause) =>
        new(RegistryError.StoreUnavailable, $"{reason} The run is kept: take it up with --resume {run.Run.Id} when the store is there again.", cause);

    private CheckpointFolder CheckpointsOf(RunTracker run) => new(Path.Combine(target.Directory, "checkpoints", run.Run.Id), run.Fingerprint);

    private string Describe(long? version, string? alias) => version switch
    {
        null => $"not registered: {target.Output}",
        { } number => $"{target.Model.Name} version {number}{(alias is null ? ", no alias: the gate was not passed" : $", alias {alias}")}",
    };
}
