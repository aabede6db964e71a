using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>Interactions to a tracked run, a package, a verdict and a registered version.</summary>
internal sealed class RecommendationTrainRun(RecommendationTrainOptions options, StepConsole console)
{
    public const int StepCount = TrainingJob.StepCount + 1;

    private const string TrialMetric = "validation_ndcg";

    /// <exception cref="TrainingException">As <see cref="RecommendationTraining.Run"/>.</exception>
    public async Task<TrainingReport<RecommendationTrainResult>> RunAsync(CancellationToken cancellationToken)
    {
        var recent = options.Recent is { } source ? await PinAsync(source, cancellationToken) : null;
        var (set, attributes) = await console.RunAsync("interactions", async _ =>
        {
            // Others know nothing of an item that nobody used.
            var read = await options.Source.ReadAsync(options.Algorithm is "content" or "hybrid", cancellationToken);
            return (read, string.Create(
                CultureInfo.InvariantCulture,
                $"{read.Set.Count:N0} of {read.Set.UserCount:N0} users and {read.Set.ItemCount:N0} items, {read.Set.DuplicateCount:N0} duplicates left out"));
        });
        var start = new RunStart
        {
            Experiment = options.Target.Model.Name,
            Name = options.Name ?? $"{Path.GetFileName(options.Source.Table)}: {options.Algorithm}",
            Parameters = new Dictionary<string, string>
            {
                ["table"] = options.Source.Table,
                ["user"] = options.Source.User,
                ["item"] = options.Source.Item,
                ["time"] = options.Source.Time ?? "",
                ["algorithm"] = options.Algorithm,
                ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            },
            Tags = new Dictionary<string, string> { ["family"] = "recommendation" },
        };
        return await new TrainingJob(options.Target, console).RunAsync(
            start, await FingerprintAsync(cancellationToken), TrialMetric,
            (context, progress) => TrainAsync(context, set, attributes, recent, progress, cancellationToken), cancellationToken);
    }

    private async Task<(RecommendationTrainResult Result, TrainingOutcome Outcome, string Summary)> TrainAsync(
        TrainingContext context, InteractionSet set, ItemAttributes? attributes, RecentItemsSource? recent, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var trained = await Task.Run(
            () => RecommendationTraining.Run(set, options.Algorithm, attributes, options.Source.Time is not null, options.Seed, progress, cancellationToken), cancellationToken);
        var champion = ChampionOf(context);
        var gate = await Task.Run(() => RecommenderGate.Judge(options.Gate, champion, set, trained.HeldBack, cancellationToken), cancellationToken);
        var bundle = await Task.Run(
            () => RecommenderBundle.Of(trained.Model, set, attributes, recent, trained.HeldBack, recent?.Key ?? options.Source.User, cancellationToken), cancellationToken);
        var metrics = MetricsOf(trained);
        var package = await RecommenderPackage.WriteAsync(
            context.PackageDirectory, options.Target.Model, bundle, trained.Parameters, metrics, options.Seed, TimeProvider.System.GetUtcNow(), cancellationToken);
        var outcome = new TrainingOutcome
        {
            Package = package,
            Gate = gate,
            Algorithm = trained.Model.Algorithm,
            Parameters = trained.Parameters,
            Metrics = [.. metrics.Select(static pair => new RunMetric(pair.Key, 0, pair.Value))],
        };
        var summary = string.Create(CultureInfo.InvariantCulture, $"{trained.Metrics.NameOf("HR")} {trained.Metrics.HitRate:F4}, NDCG {trained.Metrics.Ndcg:F4}");
        return (new RecommendationTrainResult(set, trained, package), outcome, summary);
    }

    /// <returns><see langword="null"/>: there is none, or the champion is no recommender, and nothing can be compared.</returns>
    private static RecommenderBundle? ChampionOf(TrainingContext context)
    {
        if (context.Champion is not { } champion)
        {
            return null;
        }

        return champion.Manifest.Files.ContainsKey(RecommenderBundle.FileName)
            ? RecommenderBundle.Read(Path.Combine(champion.Directory, RecommenderBundle.FileName))
            : throw new UsageException("The champion of this model is no recommender; expected one, or another --model.");
    }

    /// <summary>Figures of the full ranking and of the one among drawn negatives; the names say which.</summary>
    internal static Dictionary<string, double> MetricsOf(TrainedRecommender trained)
    {
        var (full, sampled) = (trained.Metrics, trained.Sampled);
        return new Dictionary<string, double>
        {
            [$"hr_at_{full.Cut}_full"] = full.HitRate,
            [$"ndcg_at_{full.Cut}_full"] = full.Ndcg,
            [$"mrr_at_{full.Cut}_full"] = full.Mrr,
            [$"pessimistic_hr_at_{full.Cut}_full"] = full.PessimisticHitRate,
            [$"hr_at_{sampled.Cut}_99_sampled"] = sampled.HitRate,
            [$"ndcg_at_{sampled.Cut}_99_sampled"] = sampled.Ndcg,
            [$"pessimistic_hr_at_{sampled.Cut}_99_sampled"] = sampled.PessimisticHitRate,
            ["test_users"] = full.Users,
        };
    }

    /// <summary>The definition as it is now: a server refuses the model when it has another.</summary>
    private async Task<RecentItemsSource> PinAsync((string Service, string Column, string Key) source, CancellationToken cancellationToken)
    {
        var project = options.Target.Model.Project;
        await using var connection = await ServerConnection.OpenAsync(options.Target.Directory, mayCreate: true, cancellationToken);
        var definitions = await connection.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest { Project = project }, cancellationToken: cancellationToken);
        var service = definitions.Definitions.FirstOrDefault(definition => definition.Kind == "feature_service" && definition.Name == source.Service)
            ?? throw new UsageException($"--recent: there is no feature service '{source.Service}' in project '{project}'; apply its definitions first.");
        return new RecentItemsSource(source.Service, service.Fingerprint, source.Column, source.Key);
    }

    /// <summary>Of the bytes of the files, the columns and the settings.</summary>
    private async Task<string> FingerprintAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in options.Source.Files)
        {
            await using var stream = File.OpenRead(path);
            hash.AppendData(await SHA256.HashDataAsync(stream, cancellationToken));
        }

        hash.AppendData(Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{options.Source.User}\n{options.Source.Item}\n{options.Source.Time}\n{options.Algorithm}\n{options.Seed}")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
