using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml runs list|show|compare|artifact|note|tag</c>: what was tried, and what came out.</summary>
internal static class RunsCommand
{
    // Six signs of life that did not come.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private static readonly JsonSerializerOptions JsonOptions = new(RunCurves.JsonOptions) { WriteIndented = true };

    public static Command Create() => new("runs", "Training runs: parameters, metrics, artifacts.") { CreateList(), CreateShow(), CreateCompare(), CreateArtifact(), CreateNote(), CreateTag() };

    private static Command CreateList()
    {
        var experiment = new Option<string?>("--experiment") { Description = "Only runs of this experiment (the name of a model)." };
        var parent = new Option<string?>("--parent") { Description = "The parts of this run." };
        var count = new Option<int>("--count", "-n") { Description = "The newest so many.", DefaultValueFactory = static _ => 20 };
        var metric = new Option<string?>("--metric") { Description = "Metric to show and to draw. Default: test_average_precision, else the first." };
        var json = CommonOptions.Json();
        var command = new Command("list", "Lists runs, newest first; parts of runs only with --parent.") { experiment, parent, count, metric, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var wanted = parse.GetValue(count) is var number and >= 1 and <= 10_000 ? number : throw new UsageException($"--count is {parse.GetValue(count)}; expected 1 to 10000.");
            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var project = common.Project(parse);
            var whole = parse.GetValue(parent) is { } id ? await store.GetAsync(project, id, cancellationToken) : null;
            var runs = await store.ListAsync(project, parse.GetValue(experiment), whole?.Id, 10_000, cancellationToken);
            runs = [.. runs.Where(run => whole is not null || run.Parent is null).Take(wanted)];
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(runs.Select(ToJson), JsonOptions));
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("run", "experiment", "name", "status", "started", "took", "metric", "value", "curve");
            foreach (var run in runs)
            {
                var chosen = parse.GetValue(metric) ?? DefaultMetric(run);
                var points = (await store.ReadMetricsAsync(run.Id, cancellationToken)).Where(point => point.Name == CurveOf(run, chosen)).Select(static point => point.Value);
                table.AddRow(
                    run.Id[..12], Markup.Escape(run.Experiment), Markup.Escape(run.Name), StatusOf(run), run.Started.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                    Took(run), Markup.Escape(chosen ?? ""), chosen is not null && run.Metrics.TryGetValue(chosen, out var value) ? Number(value) : "", Sparkline.Of([.. points]));
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var run = new Argument<string>("run") { Description = "Id of the run, or its beginning." };
        var html = new Option<string?>("--html") { Description = "Write a page with the plots: learning curves, ROC, precision-recall, calibration, confusion." };
        var json = CommonOptions.Json();
        var command = new Command("show", "Shows one run.") { run, html, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var found = await store.GetAsync(common.Project(parse), parse.GetRequiredValue(run), cancellationToken);
            var metrics = await store.ReadMetricsAsync(found.Id, cancellationToken);
            await WriteHtmlAsync(store, parse.GetValue(html), [(found, metrics)], cancellationToken);
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(new { run = ToJson(found), metrics = metrics.Select(static point => new { point.Name, point.Step, point.Value }) }, JsonOptions));
                return ExitCode.Success;
            }

            RunView.Show(Terminals.Output, found, StatusOf(found), metrics, await store.ListAsync(found.Project, null, found.Id, 10_000, cancellationToken));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateCompare()
    {
        var ids = new Argument<string[]>("runs") { Description = "Two or more runs.", Arity = new ArgumentArity(2, 20) };
        var html = new Option<string?>("--html") { Description = "Write a page with the plots of all of them." };
        var all = new Option<bool>("--all") { Description = "Also what is equal in all runs." };
        var json = CommonOptions.Json();
        var command = new Command("compare", "Puts runs side by side: what differs.") { ids, html, all, json };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var runs = new List<(TrainingRun Run, IReadOnlyList<RunMetric> Metrics)>();
            foreach (var id in parse.GetRequiredValue(ids))
            {
                var found = await store.GetAsync(common.Project(parse), id, cancellationToken);
                runs.Add((found, await store.ReadMetricsAsync(found.Id, cancellationToken)));
            }

            await WriteHtmlAsync(store, parse.GetValue(html), runs, cancellationToken);
            if (parse.GetValue(json))
            {
                var differences = RunDifference.Of([.. runs.Select(static run => run.Run)], parse.GetValue(all));
                Console.Out.WriteLine(JsonSerializer.Serialize(new { differences, runs = runs.Select(static run => ToJson(run.Run)) }, JsonOptions));
            }
            else
            {
                RunView.Compare(Terminals.Output, [.. runs.Select(static run => run.Run)], parse.GetValue(all));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateArtifact()
    {
        var run = new Argument<string>("run") { Description = "Id of the run, or its beginning." };
        var artifact = new Argument<string>("name") { Description = "Name of the artifact, as zwml runs show lists it." };
        var output = new Option<string>("--output", "-o") { Description = "A new file for it.", Required = true };
        var command = new Command("artifact", "Writes an artifact of a run to a file.") { run, artifact, output };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var path = Path.GetFullPath(parse.GetRequiredValue(output));
            if (Path.Exists(path))
            {
                throw new UsageException($"--output: '{path}' is there already; expected a new file.");
            }

            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var found = await store.GetAsync(common.Project(parse), parse.GetRequiredValue(run), cancellationToken);
            var name = parse.GetRequiredValue(artifact);
            if (!found.Artifacts.Any(known => known.Name == name))
            {
                throw new UsageException($"Run {found.Id} has no artifact '{name}'; it has {string.Join(", ", found.Artifacts.Select(static known => known.Name))}.");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await store.GetArtifactAsync(found.Id, name, path, cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateNote()
    {
        var run = new Argument<string>("run") { Description = "Id of the run, or its beginning." };
        var text = new Argument<string>("text") { Description = "The note; it replaces the one before." };
        var command = new Command("note", "Writes the note of a run.") { run, text };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var found = await store.GetAsync(common.Project(parse), parse.GetRequiredValue(run), cancellationToken);
            await store.SetNoteAsync(found.Id, parse.GetRequiredValue(text), cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateTag()
    {
        var run = new Argument<string>("run") { Description = "Id of the run, or its beginning." };
        var tags = new Argument<string[]>("tags") { Description = "NAME=VALUE.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("tag", "Sets tags of a run.") { run, tags };
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var pairs = new Dictionary<string, string>();
            foreach (var text in parse.GetRequiredValue(tags))
            {
                if (text.Split('=', 2) is not [{ Length: > 0 } name, var value])
                {
                    throw new UsageException($"tags: '{text}' is not NAME=VALUE.");
                }

                pairs[name] = value;
            }

            using var registry = Open(common.DataDirectory(parse));
            var store = registry.Runs;
            var found = await store.GetAsync(common.Project(parse), parse.GetRequiredValue(run), cancellationToken);
            await store.SetTagsAsync(found.Id, pairs, cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }

    private static RegistryAccess Open(string dataDirectory) => DataDirectory.Exists(dataDirectory)
        ? LocalServer.OpenRegistry(dataDirectory)
        : throw new UsageException($"--data: there is no data directory '{dataDirectory}'.");

    private static async Task WriteHtmlAsync(
        IRunStore store, string? path, IReadOnlyList<(TrainingRun Run, IReadOnlyList<RunMetric> Metrics)> runs, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            return;
        }

        var pages = new List<RunPage>();
        foreach (var (run, metrics) in runs)
        {
            pages.Add(new RunPage(run, metrics, await ReadCurvesAsync(store, run, cancellationToken)));
        }

        await File.WriteAllTextAsync(path, RunHtml.Render(pages), cancellationToken);
        Terminals.Error.MarkupLineInterpolated($"[grey]plots: {Path.GetFullPath(path)}[/]");
    }

    private static async Task<RunCurves?> ReadCurvesAsync(IRunStore store, TrainingRun run, CancellationToken cancellationToken)
    {
        if (!run.Artifacts.Any(static artifact => artifact.Name == RunCurves.File))
        {
            return null;
        }

        var file = Path.GetTempFileName();
        try
        {
            await store.GetArtifactAsync(run.Id, RunCurves.File, file, cancellationToken);
            return JsonSerializer.Deserialize<RunCurves>(await File.ReadAllBytesAsync(file, cancellationToken), RunCurves.JsonOptions);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? DefaultMetric(TrainingRun run) =>
        run.Metrics.ContainsKey("test_average_precision") ? "test_average_precision" : run.Metrics.Keys.FirstOrDefault();

    // A metric of one value has no curve: that of the learning says more.
    private static string? CurveOf(TrainingRun run, string? metric) => run.Metrics.ContainsKey("validation_log_loss") && metric == "test_average_precision" ? "validation_log_loss" : metric;

    private static string StatusOf(TrainingRun run) => run.IsLost(TimeProvider.System.GetUtcNow(), Silence) ? "lost" : run.Status.ToString().ToLowerInvariant();

    private static string Took(TrainingRun run)
    {
        var took = (run.Ended ?? run.LastSeen) - run.Started;
        return string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.0} s");
    }

    private static object ToJson(TrainingRun run) => new
    {
        run.Id,
        run.Project,
        run.Experiment,
        run.Name,
        run.Parent,
        status = StatusOf(run),
        run.Started,
        run.Ended,
        run.LastSeen,
        run.Note,
        run.Parameters,
        run.Tags,
        run.Metrics,
        run.Artifacts,
    };

    private static string Number(double value) => value.ToString("G5", CultureInfo.InvariantCulture);
}
