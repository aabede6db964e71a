using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models.Registry;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml models collect</c>: the files of deleted versions, and what else of the artifact store nothing names any more.</summary>
internal static class ModelsCollectCommand
{
    private const int RowsMax = 20;

    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web) { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what would be removed." };
        var grace = new Option<string>("--grace")
        {
            Description = "What was stored within so long stays, whoever may still want to register it: 12h, 7d, or 0 for all.", DefaultValueFactory = static _ => "1d",
        };
        var all = new Option<bool>("--all") { Description = "Go on where the registry names no artifact at all: nothing is left of its store then." };
        var json = CommonOptions.Json();
        var command = new Command(
            "collect", "Removes from the artifact store what no version, in use or retired, and no run names any more, of all projects. Servers and registrations may go on beside it.")
        {
            dryRun, grace, all, json,
        };
        var common = CommonOptions.AddToWithoutProject(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var text = parse.GetRequiredValue(grace);
            var request = new ArtifactCollectionRequest
            {
                Grace = DefinitionNames.TryParseDuration(text, out var span) ? span : throw new UsageException($"--grace is '{text}'; expected {DefinitionNames.ExpectedDuration}."),
                IsDryRun = parse.GetValue(dryRun),
                MayTakeAll = parse.GetValue(all),
            };
            var directory = common.DataDirectory(parse);
            using var registry = DataDirectory.Exists(directory)
                ? LocalServer.OpenRegistry(directory)
                : throw new UsageException($"--data: there is no data directory '{directory}'.");
            var found = await registry.Artifacts.CollectAsync(request, null, cancellationToken);
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(ToJson(found, request.IsDryRun), JsonOptions));
            }
            else
            {
                Show(found, request);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(ArtifactCollection found, ArtifactCollectionRequest request)
    {
        if (found.Collected.Count > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).AddColumns("artifact", "stored", "what it was").AddColumn("size", static column => column.RightAligned());
            foreach (var item in found.Collected.Take(RowsMax))
            {
                table.AddRow(
                    item.Artifact.Digest[..19], item.Artifact.Stored.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), Markup.Escape(item.Origin ?? ""), SizeText.Of(item.Artifact.Bytes));
            }

            Terminals.Output.Write(table);
            if (found.Collected.Count > RowsMax)
            {
                Terminals.Output.MarkupLineInterpolated($"[grey]and {found.Collected.Count - RowsMax} smaller ones (--json lists all)[/]");
            }
        }

        var gone = new ArtifactCount(found.Collected.Count, found.Collected.Sum(static item => item.Artifact.Bytes));
        Terminals.Output.MarkupLineInterpolated($"[green]{(request.IsDryRun ? "would be removed" : "removed")}:[/] {Text(gone)}");
        Terminals.Output.MarkupLineInterpolated($"named by versions and runs: {Text(found.Named)}");
        if (found.Young.Count > 0)
        {
            Terminals.Output.MarkupLineInterpolated($"named by none, younger than the grace (--grace): {Text(found.Young)}");
        }

        if (found.Missing.Count > 0)
        {
            Terminals.Error.MarkupLineInterpolated(
                $"[yellow]warning:[/] the store does not hold {found.Missing.Count} of the artifacts that versions and runs name, {found.Missing[0][..19]} among them; registering a package again brings its files back");
        }
    }

    private static string Text(ArtifactCount count) => $"{(count.Count == 1 ? "1 artifact" : $"{count.Count} artifacts")}, {SizeText.Of(count.Bytes)}";

    private static object ToJson(ArtifactCollection found, bool isDryRun) => new
    {
        DryRun = isDryRun,
        Collected = found.Collected.Select(static item => new { item.Artifact.Digest, item.Artifact.Bytes, Stored = item.Artifact.Stored.UtcDateTime, item.Origin }),
        CollectedBytes = found.Collected.Sum(static item => item.Artifact.Bytes),
        found.Named,
        found.Young,
        found.Missing,
    };
}
