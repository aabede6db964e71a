using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml import</c>: a CSV or Parquet file as a table of the offline store.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A .csv, .csv.gz or .parquet file." };
        var table = new Argument<string>("table") { Description = "Name of the table." };
        var columns = new Option<string[]>("--column", "-c")
        {
            Description = "A column to take, as NAME:TYPE (bool, int64, float32, float64, string, bytes, timestamp, int64_list, float64_list, string_list). Default: all columns, of the types "
                + "that a Parquet file gives them or, of CSV, that the views of the table declare or else the values show; with --append those of the table.",
            AllowMultipleArgumentsPerToken = true,
        };
        var zone = new Option<string?>("--time-zone") { Description = "Zone of times without one (UTC, Europe/Zurich, +02:00). Default: such times are refused." };
        var nulls = new Option<string[]>("--null")
        {
            Description = "Texts of a CSV file that stand for no value, such as n/a, beside the empty one; in a column of texts only where they are not quoted.",
            AllowMultipleArgumentsPerToken = true,
        };
        var append = new Option<bool>("--append") { Description = "Put the rows beside those that are there: 'zwml materialize' then brings only these. A file without rows adds none. Default: they replace the table." };
        var command = new Command("import", "Makes a table of the offline store, replacing what was there, or appends to it.") { path, table, columns, zone, nulls, append };
        var json = CommonOptions.Json();
        command.Add(json);
        var common = CommonOptions.AddTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var import = new TableImport(
                common.Project(parse),
                parse.GetRequiredValue(table),
                parse.GetRequiredValue(path),
                [.. (parse.GetValue(columns) ?? []).Select(ParseColumn)],
                parse.GetValue(zone)) { NullTexts = parse.GetValue(nulls) ?? [], IsAppended = parse.GetValue(append) };
            await using var server = await LocalServer.StartAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var views = server.Services.GetRequiredService<DefinitionRegistry>().Find(import.Project)?.Views.Where(view => view.Source.Table == import.Table) ?? [];
            var summary = await StepConsole.ToStandardError(1).RunAsync("table", async progress =>
            {
                var made = await server.Services.GetRequiredService<IOfflineStore>().ImportAsync(import with { Views = [.. views], Share = progress }, cancellationToken);
                return (made, $"{made.Rows:N0} rows");
            });
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(QualityView.ToJson(import.Table, summary));
            }
            else
            {
                Console.Out.WriteLine($"{import.Table}: {summary.Rows:N0} rows, {summary.Bytes:N0} bytes");
                if (import.Columns.Count == 0)
                {
                    Console.Out.WriteLine($"columns: {string.Join(", ", summary.Columns.Select(static column => $"{column.Name}:{FeatureTypeNames.Of(column.Type)}"))}");
                }

                foreach (var text in summary.Texts)
                {
                    Console.Out.WriteLine(ShownText.Line(Describe(text)));
                }

                if (summary.LeftOut.Count > 0)
                {
                    Console.Out.WriteLine($"left out: {string.Join(", ", summary.LeftOut)}");
                }

                foreach (var misfit in summary.Misfits)
                {
                    Terminals.Output.MarkupLineInterpolated($"[yellow]note:[/] {misfit}");
                }

                QualityView.Write(summary.Quality);
            }

            await server.StopAsync();
            return ExitCode.Success;
        });
        return command;
    }

    private static string Describe(TextColumn text) => $"{text.Name} is a text since line {text.Line} has '{text.Value}'" + (text.Type is { } type
        ? $"; the values before it are {FeatureTypeNames.Of(type)} (--null {(text.Value.Contains(' ', StringComparison.Ordinal) ? $"'{text.Value}'" : text.Value)} takes it as no value)"
        : ", a time without a zone (--time-zone declares one)");

    private static OfflineColumn ParseColumn(string text) =>
        text.Split(':') is [{ Length: > 0 } name, var type] && FeatureTypeNames.TryParse(type, out var known)
            ? new OfflineColumn(name, known)
            : throw new UsageException($"--column '{text}' is not NAME:TYPE with a type of {FeatureTypeNames.All}.");
}
