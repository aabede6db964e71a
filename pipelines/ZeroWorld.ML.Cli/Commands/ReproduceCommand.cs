using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml reproduce NAME</c>: a published table, measured again.</summary>
internal static class ReproduceCommand
{
    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Every table that can be reproduced.</summary>
    internal static IReadOnlyList<IReproduction> All { get; } =
    [
        new FraudHandbookReproduction(HandbookTransactions.LoadAsync),
        new NcfMovieLensReproduction(),
        new MovieLens100kReproduction(),
        new SequentialBeautyReproduction(),
    ];

    public static Command Create()
    {
        var name = new Argument<string?>("name") { Description = "Which table; without a name all are listed.", DefaultValueFactory = static _ => null };
        var path = new Option<string?>("--path") { Description = "Folder of the data in its published layout. Default: NAME below ZEROWORLD_DATA." };
        var seeds = new Option<int[]>("--seeds") { Description = "Seeds.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [1, 2, 3] };
        var algorithms = new Option<string[]>("--algorithm") { Description = "Only these algorithms.", AllowMultipleArgumentsPerToken = true };
        var json = CommonOptions.Json();
        var command = new Command("reproduce", "Measures a published table of quality again, with three seeds.") { name, path, seeds, algorithms, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (parse.GetValue(name) is not { } chosen)
            {
                WriteList();
                return ExitCode.Success;
            }

            var reproduction = All.FirstOrDefault(candidate => candidate.Name == chosen)
                ?? throw new UsageException($"name: there is no table '{chosen}'; expected one of {string.Join(", ", All.Select(static known => known.Name))}.");
            var request = new ReproductionRequest
            {
                DataPath = parse.GetValue(path) ?? DefaultPath(reproduction.Name),
                Seeds = parse.GetValue(seeds) ?? [],
                Algorithms = parse.GetValue(algorithms) ?? [],
            };
            var report = await RunAsync(reproduction, request, cancellationToken);
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            }
            else
            {
                Write(report);
            }

            return report.Figures.Any(static figure => figure.IsMet == false) ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static string DefaultPath(string name) =>
        Environment.GetEnvironmentVariable("ZEROWORLD_DATA") is { Length: > 0 } root
            ? Path.Combine(root, name)
            : throw new UsageException($"--path: the folder of the data of {name} is needed (or ZEROWORLD_DATA as the folder above it).");

    private static Task<ReproductionReport> RunAsync(IReproduction reproduction, ReproductionRequest request, CancellationToken cancellationToken)
    {
        var steps = StepConsole.ToStandardError(1);
        return steps.RunAsync(reproduction.Name, async progress =>
        {
            var report = await reproduction.RunAsync(request, new Share(progress), cancellationToken);
            return (report, string.Create(CultureInfo.InvariantCulture, $"{report.Figures.Count} figures"));
        });
    }

    private static void WriteList()
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("name", "what", "algorithms");
        foreach (var reproduction in All)
        {
            table.AddRow(Markup.Escape(reproduction.Name), Markup.Escape(reproduction.Description), Markup.Escape(string.Join(", ", reproduction.Algorithms)));
        }

        Terminals.Output.Write(table);
    }

    private static void Write(ReproductionReport report)
    {
        foreach (var line in report.Protocol)
        {
            Terminals.Output.MarkupLineInterpolated($"[grey]{line}[/]");
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("algorithm", "metric", "mean ± spread", "published", "bar", "met");
        foreach (var figure in report.Figures)
        {
            table.AddRow(
                Markup.Escape(figure.Algorithm),
                Markup.Escape(figure.Metric),
                figure.Value.ToString(),
                Markup.Escape(Number(figure.Published) + (figure.Source is { } source ? $" ({source})" : "")),
                Number(figure.Bar),
                figure.IsMet switch { true => "[green]yes[/]", false => "[red]no[/]", null => "" });
        }

        Terminals.Output.Write(table);
        foreach (var (algorithm, parameters) in report.Parameters)
        {
            Terminals.Output.MarkupLineInterpolated($"[grey]{algorithm}: {string.Join(", ", parameters.Select(static pair => $"{pair.Key}={pair.Value}"))}[/]");
        }
    }

    private static string Number(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "";

    private sealed class Share(IProgress<double> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress.Report(value.Total == 0 ? 0 : (double)value.Done / value.Total);
    }
}
