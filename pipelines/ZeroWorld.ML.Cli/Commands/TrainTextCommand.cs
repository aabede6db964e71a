using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train moderation</c> and <c>zwml train language</c>: a text model out of the user's own data.</summary>
internal static class TrainTextCommand
{
    public static Command Moderation()
    {
        var table = new Option<string>("--table") { Description = "A .csv, .tsv or .jsonl file.", Required = true };
        var text = new Option<string>("--text") { Description = "Column of the texts.", DefaultValueFactory = static _ => "text" };
        var label = new Option<string[]>("--label") { Description = "Column of the label; several columns hold 0 or 1 each.", Required = true, AllowMultipleArgumentsPerToken = true };
        var labels = new Option<string[]>("--labels") { Description = "The labels that may occur. Default: any.", AllowMultipleArgumentsPerToken = true };
        var harmless = new Option<string[]>("--harmless") { Description = "Labels that are no reason to act.", AllowMultipleArgumentsPerToken = true };
        var review = new Option<string>("--review") { Description = "What flagging for review must reach: precision=P, recall=R or cost=C.", DefaultValueFactory = static _ => "recall=0.9" };
        var block = new Option<string>("--block") { Description = "What blocking must reach.", DefaultValueFactory = static _ => "precision=0.95" };
        var output = new Option<string>("--output", "-o") { Description = "A new folder for the package.", Required = true };
        var name = new Option<string>("--name") { Description = "Name of the model.", DefaultValueFactory = static _ => "moderation" };
        var project = new Option<string>("--project") { Description = "Project (tenant).", DefaultValueFactory = static _ => "default" };
        var algorithm = new Option<string>("--algorithm") { Description = "linear or embedding-bag.", DefaultValueFactory = static _ => "linear" };
        algorithm.AcceptOnlyFromAmong("linear", "embedding-bag");
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = static _ => 1 };
        var json = CommonOptions.Json();
        var command = new Command("moderation", "Texts to labels: a model over hashed n-grams, calibrated, with a policy.")
        {
            table, text, label, labels, harmless, review, block, output, name, project, algorithm, seed, json,
        };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new ModerationTrainingRequest
            {
                Model = new ModelName(parse.GetRequiredValue(project), parse.GetRequiredValue(name)),
                Data = LabelledTexts.Read(parse.GetRequiredValue(table), parse.GetRequiredValue(text), parse.GetRequiredValue(label), parse.GetValue(labels) ?? []),
                OutputDirectory = Path.GetFullPath(parse.GetRequiredValue(output)),
                Features = new TextFeaturizerSettings { LettersWeight = 1 },
                Harmless = parse.GetValue(harmless) ?? [],
                Review = ThresholdGoal.Parse(parse.GetRequiredValue(review)),
                Block = ThresholdGoal.Parse(parse.GetRequiredValue(block)),
                Algorithm = parse.GetRequiredValue(algorithm) == "linear" ? TextAlgorithm.Linear : TextAlgorithm.EmbeddingBag,
                Seed = parse.GetValue(seed),
            };
            var result = await StepConsole.ToStandardError(1).RunAsync("train", async progress =>
            {
                // Parity runs in the runtime that will serve; its data directory is of this command alone, so that a running server is not in the way.
                var folder = Directory.CreateTempSubdirectory("zwml-train-");
                try
                {
                    await using var server = await LocalServer.StartAsync(folder.FullName, mayCreate: true, cancellationToken);
                    var trained = await ModerationTraining.RunAsync(
                        request, server.Services.GetRequiredService<ISparseScorer>(), TimeProvider.System, new Share(progress), cancellationToken);
                    await server.StopAsync();
                    return (trained, string.Create(CultureInfo.InvariantCulture, $"{trained.Metrics["rows"]:N0} texts"));
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            });
            Write(result, parse.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    public static Command Language()
    {
        var path = new Option<string>("--path") { Description = "Folder with langid-tatoeba and langid-udhr.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "File of the model.", Required = true };
        var command = new Command("language", "Texts to languages.") { path, output };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var languages = await StepConsole.ToStandardError(1).RunAsync("train", progress => Task.Run(() =>
            {
                var (texts, names) = LanguageTraining.Read(parse.GetRequiredValue(path));
                var model = LanguageTraining.Fit(texts, names, progress, cancellationToken);
                TextModelFile.Write(parse.GetRequiredValue(output), model);
                return (model.Labels.Count, $"{texts.Count:N0} texts, {model.Labels.Count} languages");
            }, cancellationToken));
            Console.Out.WriteLine($"{languages} languages: {parse.GetRequiredValue(output)}");
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(ModerationTrainingResult result, bool isJson)
    {
        if (isJson)
        {
            var report = new { package = result.Package.Directory, digest = result.Package.Digest, metrics = result.Metrics, parity = result.Parity, policy = result.Policy };
            Console.Out.WriteLine(JsonSerializer.Serialize(report, ReproduceCommand.JsonOptions));
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("held-out rows", "value");
        foreach (var (metric, value) in result.Metrics)
        {
            table.AddRow(Markup.Escape(metric), value.ToString(metric == "rows" ? "N0" : "F4", CultureInfo.InvariantCulture));
        }

        Terminals.Output.Write(table);
        var rules = new Table().Border(TableBorder.Rounded).AddColumns("label", "review from", "block from", "chosen for");
        foreach (var rule in result.Policy.Rules)
        {
            rules.AddRow(Markup.Escape(rule.Label), rule.Review.ToString("F4", CultureInfo.InvariantCulture), rule.Block.ToString("F4", CultureInfo.InvariantCulture), Markup.Escape(rule.ChosenFor ?? ""));
        }

        Terminals.Output.Write(rules);
        Terminals.Output.MarkupLineInterpolated($"ONNX parity: {result.Parity.Texts} texts, greatest difference {result.Parity.Difference:G3}, {result.Parity.Disagreements} other labels");
        Terminals.Output.MarkupLineInterpolated($"{result.Package.Directory}  {result.Package.Digest}");
    }

    private sealed class Share(IProgress<double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress.Report(value.Total == 0 ? 0 : (double)value.Done / value.Total);
    }
}
