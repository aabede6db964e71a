using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train</c>: a data set to a registered package.</summary>
internal static class TrainCommand
{
    public static Command Create() => new("train", "Trains a model on a data set and registers its package.") { CreateRecommendation(), TrainFraudCommand.Create(), TrainTextCommand.Moderation(), TrainTextCommand.Language() };

    private static Command CreateRecommendation()
    {
        var table = new Option<string>("--table") { Description = "Table of interactions: CSV, or TSV by its name; .gz or plain; with a header.", Required = true };
        var user = new Option<string>("--user") { Description = "Column with user ids.", Required = true };
        var item = new Option<string>("--item") { Description = "Column with item ids.", Required = true };
        var time = new Option<string?>("--time") { Description = "Column with times: numbers, or RFC 3339 with a zone. Without it nothing is known of the order." };
        var algorithm = new Option<string>("--algorithm")
        {
            Description = $"One of {string.Join(", ", RecommendationTraining.Algorithms)}.", DefaultValueFactory = static _ => "als",
        };
        var attributes = new Option<string?>("--item-attributes") { Description = "Table with the columns item, attribute and value: for filters and for items nobody used yet." };
        var recent = new Option<string?>("--recent") { Description = "Where a server reads recent items: SERVICE:COLUMN:KEY, a feature service, its last_k column of item ids and the key of the user." };
        var name = new Option<string>("--model") { Description = "Name of the model.", DefaultValueFactory = static _ => "recommender" };
        var alias = new Option<string?>("--alias") { Description = "Alias that shall point at the new version. Default: champion when the model has none yet." };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = static _ => 1 };
        var output = new Option<string?>("--out", "-o") { Description = "Write the package to this new folder and do not register it." };
        var json = CommonOptions.Json();
        var command = new Command("recommendation", "Trains a recommender on implicit feedback: who used what.")
        {
            table, user, item, time, algorithm, attributes, recent, name, alias, seed, output, json,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var source = ParseRecent(parse.GetValue(recent));
            var chosen = parse.GetRequiredValue(algorithm);
            if (!RecommendationTraining.Algorithms.Contains(chosen))
            {
                throw new UsageException($"--algorithm '{chosen}' is unknown; expected one of {string.Join(", ", RecommendationTraining.Algorithms)}.");
            }

            var model = new ModelName(common.Project(parse), parse.GetRequiredValue(name));
            var steps = StepConsole.ToStandardError(3);
            var set = await steps.RunAsync("interactions", async _ =>
            {
                var read = await Task.Run(
                    () => InteractionReader.Read(parse.GetRequiredValue(table), parse.GetRequiredValue(user), parse.GetRequiredValue(item), parse.GetValue(time), cancellationToken),
                    cancellationToken);
                return (read, string.Create(CultureInfo.InvariantCulture, $"{read.Count:N0} of {read.UserCount:N0} users and {read.ItemCount:N0} items, {read.DuplicateCount:N0} duplicates left out"));
            });
            var trained = await steps.RunAsync($"training of {chosen}", async progress =>
            {
                var result = await Task.Run(
                    () => RecommendationTraining.Run(set, chosen, parse.GetValue(time) is not null, parse.GetValue(seed), new Share(progress), cancellationToken), cancellationToken);
                return (result, string.Create(CultureInfo.InvariantCulture, $"{result.Metrics.NameOf("HR")} {result.Metrics.HitRate:F4}, NDCG {result.Metrics.Ndcg:F4}"));
            });
            var features = parse.GetValue(attributes) is { } file ? InteractionReader.ReadAttributes(file, set.Items) : null;
            var folder = parse.GetValue(output);
            await using var connection = folder is null || source is not null
                ? await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken)
                : null;
            var recentItems = source is null ? null : await PinAsync(connection!, model.Project, source.Value, cancellationToken);
            var temporary = folder is null ? Directory.CreateTempSubdirectory("zwml-package-").FullName : null;
            try
            {
                var target = Path.GetFullPath(folder ?? Path.Combine(temporary!, "package"));
                var version = await steps.RunAsync("package", async _ =>
                {
                    var bundle = await Task.Run(() => RecommenderBundle.Of(trained.Model, set, features, recentItems, cancellationToken), cancellationToken);
                    var package = await RecommenderPackage.WriteAsync(
                        target, model, bundle, trained.Parameters, MetricsOf(trained.Metrics), parse.GetValue(seed), TimeProvider.System.GetUtcNow(), cancellationToken);
                    if (folder is not null)
                    {
                        return ((V1.ModelVersion?)null, $"{target} ({package.Digest[..19]})");
                    }

                    var registered = await ModelsCommand.UploadAsync(connection!, model.Project, model.Name, target, cancellationToken);
                    var pointed = await PointAsync(connection!, registered, parse.GetValue(alias), cancellationToken);
                    return (registered, $"{model.Name} version {registered.Version}{(pointed is null ? "" : $", {pointed}")}");
                });
                Write(parse.GetValue(json), chosen, set, trained, version, target);
                return ExitCode.Success;
            }
            finally
            {
                if (temporary is not null)
                {
                    Directory.Delete(temporary, recursive: true);
                }
            }
        });
        return command;
    }

    private static (string Service, string Column, string Key)? ParseRecent(string? text) => text?.Split(':') switch
    {
        null => null,
        [{ Length: > 0 } service, { Length: > 0 } column, { Length: > 0 } key] => (service, column, key),
        _ => throw new UsageException($"--recent '{text}' is not SERVICE:COLUMN:KEY."),
    };

    /// <summary>The definition as it is now: a server refuses the model when it has another.</summary>
    private static async Task<RecentItemsSource> PinAsync(
        ServerConnection connection, string project, (string Service, string Column, string Key) source, CancellationToken cancellationToken)
    {
        var definitions = await connection.Client.Features.ListDefinitionsAsync(new ListDefinitionsRequest { Project = project }, cancellationToken: cancellationToken);
        var service = definitions.Definitions.FirstOrDefault(definition => definition.Kind == "feature_service" && definition.Name == source.Service)
            ?? throw new UsageException($"--recent: there is no feature service '{source.Service}' in project '{project}'; apply its definitions first.");
        return new RecentItemsSource(source.Service, service.Fingerprint, source.Column, source.Key);
    }

    private static async Task<string?> PointAsync(ServerConnection connection, V1.ModelVersion version, string? alias, CancellationToken cancellationToken)
    {
        if (alias is null)
        {
            var models = await connection.Client.Registry.ListModelsAsync(new ListModelsRequest { Project = version.Project }, cancellationToken: cancellationToken);
            if (models.Models.First(model => model.Name == version.Model).Aliases.Any(static known => known.Name == "champion"))
            {
                return null;
            }
        }

        var request = new SetAliasRequest { Project = version.Project, Model = version.Model, Alias = alias ?? "champion", Version = version.Version };
        return (await connection.Client.Registry.SetAliasAsync(request, cancellationToken: cancellationToken)).Name;
    }

    private static Dictionary<string, double> MetricsOf(RankingMetrics metrics) => new()
    {
        [$"hr_at_{metrics.Cut}_full"] = metrics.HitRate,
        [$"ndcg_at_{metrics.Cut}_full"] = metrics.Ndcg,
        [$"mrr_at_{metrics.Cut}_full"] = metrics.Mrr,
        ["test_users"] = metrics.Users,
    };

    private static void Write(bool isJson, string algorithm, InteractionSet set, TrainedRecommender trained, V1.ModelVersion? version, string folder)
    {
        if (isJson)
        {
            System.Console.Out.WriteLine(JsonSerializer.Serialize(new
            {
                algorithm, interactions = set.Count, users = set.UserCount, items = set.ItemCount, duplicates = set.DuplicateCount, parameters = trained.Parameters,
                metrics = MetricsOf(trained.Metrics), model = version?.Model, version = version?.Version, package = version is null ? folder : null,
            }));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("metric", "value");
        foreach (var (metric, value) in MetricsOf(trained.Metrics))
        {
            table.AddRow(Markup.Escape(metric), value.ToString(metric == "test_users" ? "N0" : "F4", CultureInfo.InvariantCulture));
        }

        Terminals.Output.Write(table);
        Terminals.Output.MarkupLineInterpolated($"[grey]{algorithm}: {string.Join(", ", trained.Parameters.Select(static pair => $"{pair.Key}={pair.Value}"))}[/]");
    }

    private sealed class Share(IProgress<double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress.Report(value.Total == 0 ? 0 : (double)value.Done / value.Total);
    }
}
