using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train moderation</c> and <c>zwml train language</c>: a text model out of the user's own data.</summary>
internal static class TrainTextCommand
{
    private const string Convolution = "convolution";

    public static Command Moderation()
    {
        var table = new Option<string>("--table") { Description = "A .csv, .tsv or .jsonl file.", Required = true };
        var text = new Option<string>("--text") { Description = "Column of the texts.", DefaultValueFactory = static _ => "text" };
        var label = new Option<string[]>("--label") { Description = "Column of the label; several columns hold 0 or 1 each.", Required = true, AllowMultipleArgumentsPerToken = true };
        var (language, surface) = (LabelledTable.Language(), LabelledTable.Surface());
        var verdicts = new Option<string[]>("--verdicts") { Description = "Files of verdicts (zwml review) that are learned from, too; of a text that the table has, the verdict counts.", AllowMultipleArgumentsPerToken = true };
        var labels = new Option<string[]>("--labels") { Description = "The labels that may occur: values of the label column, or names of several. Default: any.", AllowMultipleArgumentsPerToken = true };
        var harmless = new Option<string[]>("--harmless") { Description = "Labels that are no reason to act.", AllowMultipleArgumentsPerToken = true };
        var review = new Option<string>("--review") { Description = "What flagging for review must reach: precision=P, recall=R or cost=C.", DefaultValueFactory = static _ => "recall=0.9" };
        var block = new Option<string>("--block") { Description = "What blocking must reach.", DefaultValueFactory = static _ => "precision=0.95" };
        var output = new Option<string?>("--output", "--out", "-o") { Description = "Write the package and its policy to this new folder and do not register it." };
        var name = new Option<string>("--model", "--name") { Description = "Name of the model, and of the experiment.", DefaultValueFactory = static _ => "moderation" };
        var alias = new Option<string?>("--alias") { Description = "Alias of a version that passed the gate. Default: champion for the first one, else challenger." };
        var accepted = new Option<double>("--gate-loss") { Description = "Loss of log likelihood against the champion that is accepted for sure.", DefaultValueFactory = static _ => 0 };
        var algorithm = new Option<string>("--algorithm") { Description = "linear, embedding-bag, or convolution (over word pieces, with --output; scored by a runtime, as zwml models package-text's are).", DefaultValueFactory = static _ => "linear" };
        algorithm.AcceptOnlyFromAmong("linear", "embedding-bag", Convolution);
        var copies = new Option<int>("--disguised-copies") { Description = "Copies of each text in disguise that are learned from beside it, 0 to 8. Default 1: hidden words are found; 0 takes two thirds of the time.", DefaultValueFactory = static _ => 1 };
        var lexicon = new Option<bool>("--lexicon") { Description = "Keep the words of the texts in the package, and read a word that none of them has as the one that it hides. Default true; convolution has none.", DefaultValueFactory = static _ => true };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random.", DefaultValueFactory = static _ => 1 };
        var json = CommonOptions.Json();
        var command = new Command("moderation", "Trains a model of texts and their labels, calibrated, with a policy; tracks, gates and registers it.")
        {
            table, text, label, language, surface, verdicts, labels, harmless, review, block, output, name, alias, accepted, algorithm, copies, lexicon, seed, json,
        };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var target = new TrainingTarget
            {
                Model = new ModelName(common.Project(parse), parse.GetRequiredValue(name)),
                Directory = common.DataDirectory(parse),
                Output = parse.GetValue(output) is { } folder ? Path.GetFullPath(folder) : null,
                Alias = parse.GetValue(alias),
            };
            var (reviewGoal, blockGoal) = (ThresholdGoal.Parse(parse.GetRequiredValue(review)), ThresholdGoal.Parse(parse.GetRequiredValue(block)));
            ModerationTrainingRequest ToRequest(LabelledTexts data, string package) => new()
            {
                Model = target.Model,
                Data = data,
                OutputDirectory = package,
                Harmless = parse.GetValue(harmless) ?? [],
                Review = reviewGoal,
                Block = blockGoal,
                Algorithm = parse.GetRequiredValue(algorithm) == "linear" ? TextAlgorithm.Linear : TextAlgorithm.EmbeddingBag,
                DisguisedCopies = parse.GetValue(copies),
                ReadsHiddenWords = parse.GetValue(lexicon),
                Seed = parse.GetValue(seed),
                Gate = new EvaluationGate { LossAccepted = parse.GetValue(accepted) },
            };
            var file = Path.GetFullPath(parse.GetRequiredValue(table));
            string[] reviewed = [.. (parse.GetValue(verdicts) ?? []).Select(Path.GetFullPath)];
            LabelledTexts Read() => LabelledTexts.Read(file, parse.GetRequiredValue(text), parse.GetRequiredValue(label), parse.GetValue(labels) ?? [], parse.GetValue(language), parse.GetValue(surface)).WithVerdicts(reviewed);
            if (parse.GetRequiredValue(algorithm) == Convolution)
            {
                var package = target.Output ?? throw new UsageException("--algorithm convolution needs --output: its package is registered afterwards (zwml models register).");
                var packaged = await TrainConvolution.RunAsync(ToRequest(Read(), package), new ConvolutionSettings(), StepConsole.ToStandardError(2), cancellationToken);
                Write(packaged, parse.GetValue(json));
                return ExitCode.Success;
            }

            var settings = new Dictionary<string, string>
            {
                ["text"] = parse.GetRequiredValue(text),
                ["label"] = string.Join(",", parse.GetRequiredValue(label)),
                ["algorithm"] = parse.GetRequiredValue(algorithm),
                ["disguised_copies"] = parse.GetValue(copies).ToString(CultureInfo.InvariantCulture),
                ["lexicon"] = parse.GetValue(lexicon) ? "true" : "false",
                ["seed"] = parse.GetValue(seed).ToString(CultureInfo.InvariantCulture),
            };
            foreach (var option in (Option<string?>[])[language, surface])
            {
                if (parse.GetValue(option) is { } column)
                {
                    settings[option.Name.TrimStart('-')] = column;
                }
            }

            if (reviewed.Length > 0)
            {
                settings["verdicts"] = string.Join(Path.PathSeparator, reviewed);
            }

            var report = await new ModerationTrainRun(
                [file, .. reviewed],
                Read,
                ToRequest, settings, target, StepConsole.ToStandardError(ModerationTrainRun.StepCount)).RunAsync(cancellationToken);
            Write(report, target.Output is not null, parse.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    public static Command Language()
    {
        var path = new Option<string>("--path") { Description = "Folder with langid-tatoeba and langid-udhr.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "File of the model.", Required = true };
        var only = new Option<string[]>("--languages") { Description = "Learn only these, three or more. Default: all that the folders have.", AllowMultipleArgumentsPerToken = true };
        var name = new Option<string>("--model", "--name") { Description = "Name of the experiment that the run is of.", DefaultValueFactory = static _ => "language" };
        var command = new Command("language", "Trains a model that says in which language a text is; tracks the run with what it gives on texts that were held out.") { path, output, only, name };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var target = new TrainingTarget { Model = new ModelName(common.Project(parse), parse.GetRequiredValue(name)), Directory = common.DataDirectory(parse) };
            var (run, languages, _) = await new LanguageTrainRun(
                Path.GetFullPath(parse.GetRequiredValue(path)), Path.GetFullPath(parse.GetRequiredValue(output)), parse.GetValue(only) ?? [], target, StepConsole.ToStandardError(LanguageTrainRun.StepCount)).RunAsync(cancellationToken);
            Console.Out.WriteLine($"{languages} languages: {parse.GetRequiredValue(output)}, run {run}");
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(TrainingReport<ModerationTrainingResult> trained, bool hasFolder, bool isJson)
    {
        var result = trained.Result;
        if (isJson)
        {
            var report = new
            {
                run = trained.Run, version = trained.Version, alias = trained.Alias, package = hasFolder ? result.Package.Directory : null, digest = result.Package.Digest,
                metrics = result.Metrics, parity = result.Parity, policy = result.Policy, gate = result.Gate,
            };
            Console.Out.WriteLine(JsonSerializer.Serialize(report, ReproduceCommand.JsonOptions));
            return;
        }

        WriteTables(result.Metrics, result.Policy, result.Parity);
        Terminals.Output.MarkupLineInterpolated($"gate: {(result.Gate.IsPassed ? "passed" : "refused")}. {result.Gate.Reason}");
        Terminals.Output.MarkupLineInterpolated($"run {trained.Run}, {(hasFolder ? result.Package.Directory : $"version {trained.Version}")}  {result.Package.Digest}");
    }

    private static void Write(ConvolutionPackage packaged, bool isJson)
    {
        if (isJson)
        {
            var report = new { package = packaged.Package.Directory, digest = packaged.Package.Digest, metrics = packaged.Metrics, parity = packaged.Parity, policy = packaged.Policy };
            Console.Out.WriteLine(JsonSerializer.Serialize(report, ReproduceCommand.JsonOptions));
            return;
        }

        WriteTables(packaged.Metrics, packaged.Policy, packaged.Parity);
        Terminals.Output.MarkupLineInterpolated($"{packaged.Package.Directory}  {packaged.Package.Digest}");
    }

    private static void WriteTables(IReadOnlyDictionary<string, double> metrics, ModerationPolicy policy, TextParity parity)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("held-out rows", "value");
        foreach (var (metric, value) in metrics)
        {
            table.AddRow(Markup.Escape(metric), value.ToString(metric == "rows" ? "N0" : "F4", CultureInfo.InvariantCulture));
        }

        Terminals.Output.Write(table);
        var rules = new Table().Border(TableBorder.Rounded).AddColumns("label", "review from", "block from", "chosen for");
        foreach (var rule in policy.Rules)
        {
            rules.AddRow(Markup.Escape(LabelledTable.PlaceOf(rule)), rule.Review.ToString("F4", CultureInfo.InvariantCulture), rule.Block.ToString("F4", CultureInfo.InvariantCulture), Markup.Escape(rule.ChosenFor ?? ""));
        }

        Terminals.Output.Write(rules);
        Terminals.Output.MarkupLineInterpolated($"ONNX parity: {parity.Texts} texts, greatest difference {parity.Difference:G3}, {parity.Disagreements} other labels");
    }
}
