using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml moderate</c>: decisions about content.</summary>
internal static class ModerateCommand
{
    private const int LinesPerBatch = 4_096;
    private static readonly string[] Tables = [".csv", ".tsv", ".xlsx", ".gz", ".zip"];
    private static readonly JsonSerializerOptions Indented = new(ModerationJson.Options) { WriteIndented = true };

    public static Command Create() => new("moderate", "Decides about content by a model and a policy.") { Text(), RunFile(), ModerateStreamCommand.Create(), MapPolicy(), Language() };

    private static Command Text()
    {
        var text = new Argument<string>("text") { Description = "What was said." };
        var (package, policy) = (Package(), Policy());
        var language = new Option<string>("--language") { Description = "ISO 639 code.", DefaultValueFactory = static _ => "" };
        var surface = new Option<string>("--surface") { Description = "Where it stands.", DefaultValueFactory = static _ => "" };
        var command = new Command("text", "Decides about one text, and says why.") { text, package, policy, language, surface };
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var source = await ModerationSource.OpenAsync(parse.GetRequiredValue(package), parse.GetValue(policy), cancellationToken);
            var engine = source.Engine;
            var item = ModerationItem.TryCreate("text", parse.GetRequiredValue(text), parse.GetRequiredValue(language), parse.GetRequiredValue(surface), out var reason)
                ?? throw new UsageException(reason);
            Console.Out.WriteLine(JsonSerializer.Serialize(engine.Decide(item, "1", new TextWorkspace()), Indented));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command RunFile()
    {
        var input = new Option<string>("--input", "-i") { Description = "A .jsonl or .parquet file: id, text, and language and surface where known.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "Folder of the decisions; one that was interrupted goes on.", Required = true };
        var (package, policy, json) = (Package(), Policy(), CommonOptions.Json());
        var command = new Command("file", "Decides about every item of a file.") { input, output, package, policy, json };
        var log = DecisionLogOption.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            await using var source = await ModerationSource.OpenAsync(parse.GetRequiredValue(package), parse.GetValue(policy), cancellationToken);
            var engine = source.Engine;
            await using var ledger = PolicyLedger.OfFolder(parse.GetRequiredValue(output));
            var watch = new PolicyWatch(engine, parse.GetValue(policy) ?? Path.Combine(parse.GetRequiredValue(package), "policy.json"), ledger, static problem => Console.Error.WriteLine(problem));
            var path = parse.GetRequiredValue(input);
            using var file = OpenItems(path);
            var length = Math.Max(1.0, file.Length);
            var result = await log.RunAsync(parse, engine, parse.GetRequiredValue(package), decisions => StepConsole.ToStandardError(1).RunAsync("moderate", progress => Task.Run(() =>
            {
                var job = new ModerationFileJob(engine, TimeProvider.System, state => progress.Report(state.InputBytes / length), decisions);
                var state = job.Run(file, parse.GetRequiredValue(output), () => watch.LookAsync(cancellationToken).GetAwaiter().GetResult(), cancellationToken);
                return (state, string.Create(CultureInfo.InvariantCulture, $"{state.Lines:N0} items"));
            }, cancellationToken)), cancellationToken);
            Console.Out.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(result, ModerationJson.Options)
                : string.Create(CultureInfo.InvariantCulture, $"{result.Allowed:N0} allowed, {result.Reviews:N0} for review, {result.Blocked:N0} blocked, {result.Repeated:N0} repeated, {result.DeadLetters:N0} dead letters"));
            return ExitCode.Success;
        });
        return command;
    }

    private static IItemFile OpenItems(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"--input: there is no file '{path}'; expected a .jsonl or .parquet file.");
        }

        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            return new ParquetItemFile(path, new ParquetOfflineOptions { Threads = 1, TempDirectory = Path.GetTempPath() });
        }

        // Each line of a table would become a dead letter.
        return Tables.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            ? throw new UsageException($"--input: '{path}' is a table of another kind; expected a .jsonl file with an item a line (id, text), or a .parquet file with these columns.")
            : new JsonItemFile(path);
    }

    private static Command MapPolicy()
    {
        var from = new Option<string>("--from") { Description = "Package of the old model.", Required = true };
        var to = new Option<string>("--to") { Description = "Package of the new model.", Required = true };
        var held = new Option<string>("--texts") { Description = "Held-out texts, at least 100 for each rule: one a line, or a .jsonl file of items with language and surface, as the stream has them.", Required = true };
        var output = new Option<string>("--output", "-o") { Description = "File of the new policy.", Required = true };
        var version = new Option<int?>("--version") { Description = "Of the new policy, where the next one is another's already. Default: the next." };
        var policy = Policy();
        var command = new Command("map-policy", "Carries a policy over to a new model, so that it allows, reviews and blocks as much as before.") { from, to, held, policy, version, output };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var (oldFolder, newFolder) = (parse.GetRequiredValue(from), parse.GetRequiredValue(to));
            await using var old = await PackagedTextModel.OpenAsync(oldFolder, cancellationToken);
            await using var next = await PackagedTextModel.OpenAsync(newFolder, cancellationToken);
            var before = ModerationPolicy.Read(parse.GetValue(policy) ?? Path.Combine(oldFolder, "policy.json"), old.Model.Labels);
            if (before.Model != old.Package.Digest)
            {
                throw new UsageException($"--policy: its thresholds are of model {before.Model}; --from is model {old.Package.Digest}: expected the package that the policy is of.");
            }

            if (parse.GetValue(version) is { } number && number <= before.Version)
            {
                throw new UsageException($"--version is {number}; expected a later one than {before.Version}, that of the policy.");
            }

            var texts = ReadHeldOut(parse.GetRequiredValue(held));
            var (after, confusions) = PolicyMapping.Map(before, old.Model, next.Model, next.Package.Digest, texts);
            after = after with { Version = parse.GetValue(version) ?? after.Version };
            after.Write(parse.GetRequiredValue(output));
            foreach (var (was, now) in before.Rules.Zip(after.Rules))
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{MappingView.NameOf(now)}: review {was.Review:F4} -> {now.Review:F4}, block {was.Block:F4} -> {now.Block:F4}"));
            }

            MappingView.Write(confusions);
            return ExitCode.Success;
        });
        return command;
    }

    // Lines, or items whose language and surface say which rules decide about them.
    private static List<HeldOutText> ReadHeldOut(string path)
    {
        if (!File.Exists(path))
        {
            throw new UsageException($"--texts: there is no file '{path}'; expected texts, one a line, or a .jsonl file of items.");
        }

        var texts = new List<HeldOutText>();
        if (!path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
        {
            texts.AddRange(File.ReadLines(path).Select(static line => new HeldOutText(line)));
            return texts;
        }

        using var file = new JsonItemFile(path);
        for (var line = 1; file.TryRead(out var json); line++)
        {
            var item = ModerationItem.TryParse(json, out var reason) ?? throw new UsageException($"--texts: line {line} of '{path}': {reason}.");
            texts.Add(new HeldOutText(item.Text, item.Language, item.Surface));
        }

        return texts;
    }

    private static Command Language()
    {
        var model = new Option<string>("--model") { Description = "File of zwml train language.", Required = true };
        var input = new Option<string?>("--input", "-i") { Description = "Texts, one a line. Default: standard input." };
        var languages = new Option<string[]>("--languages") { Description = "Only these may be answered. Default: all.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("language", "Says in which language each line is; und (undetermined) of one without a letter.") { model, input, languages };
        command.SetAction((parse, cancellationToken) =>
        {
            var text = TextModelFile.Read(parse.GetRequiredValue(model));
            string[] known = [.. text.Labels.Select(LanguageTraining.LanguageOf)];
            var asked = parse.GetValue(languages) ?? [];
            if (asked.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            {
                throw new UsageException($"--languages: the model does not know '{unknown}'; it knows {string.Join(", ", known.Distinct())}.");
            }

            text = asked.Length == 0 ? text : text.LimitedTo([.. text.Labels.Where((_, place) => asked.Contains(known[place]))]);

            // Who writes a line to standard input may wait for its answer.
            var (lines, size) = parse.GetValue(input) is { } path ? (File.ReadLines(path), LinesPerBatch) : (ReadLines(Console.In), 1);
            foreach (var batch in lines.Chunk(size))
            {
                var scores = text.ScoreAll(batch, cancellationToken);
                foreach (var (line, one) in batch.Zip(scores.Chunk(text.Labels.Count)))
                {
                    Console.Out.WriteLine(LanguageTraining.HasLetters(line) ? known[Enumerable.Range(0, one.Length).MaxBy(place => one[place])] : LanguageTraining.Undetermined);
                }
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static IEnumerable<string> ReadLines(TextReader reader)
    {
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    internal static Option<string> Package() => new("--package") { Description = "Folder of a package of zwml train moderation.", Required = true };

    internal static Option<string?> Policy() => new("--policy") { Description = "File of the policy; looked at again before each batch. Default: policy.json of the package." };
}
