using System.CommandLine;
using Spectre.Console;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml plan</c> and <c>zwml apply</c>: definitions from YAML files.</summary>
internal static class DefinitionCommands
{
    public static Command CreatePlan() => Create("plan", "Shows what applying the definitions would change.", planOnly: true);

    public static Command CreateApply() => Create("apply", "Registers the definitions of a project: the whole set, or nothing.", planOnly: false);

    private static Command Create(string name, string description, bool planOnly)
    {
        var paths = new Argument<string[]>("paths") { Description = "YAML files, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var json = CommonOptions.Json();
        var command = new Command(name, description) { paths, json };
        var common = CommonOptions.AddToWithProjectOfFiles(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var request = new ApplyDefinitionsRequest { Project = common.Project(parse), PlanOnly = planOnly };
            foreach (var path in DefinitionFiles.Find(parse.GetRequiredValue(paths)))
            {
                request.Files.Add(new DefinitionFile { Path = path, Yaml = await File.ReadAllTextAsync(path, cancellationToken) });
            }

            await using var connection = await ServerConnection.OpenAsync(common.DataDirectory(parse), mayCreate: true, cancellationToken, LocalServer.NoOnlineReads);
            var answer = await connection.Client.Features
                .ApplyDefinitionsAsync(request, cancellationToken: cancellationToken);
            if (parse.GetValue(json))
            {
                ProtoJson.Write(answer);
            }
            else
            {
                Show(answer, planOnly);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(ApplyDefinitionsResponse answer, bool planOnly)
    {
        foreach (var change in answer.Changes)
        {
            Terminals.Output.MarkupLine($"{Mark(change.Change)} {change.Kind,-16} {Markup.Escape(change.Name),-28} [grey]{Short(change.PreviousFingerprint)}{Short(change.Fingerprint)}[/]");
        }

        foreach (var change in answer.Changes.Where(static change => change.Details.Count > 0))
        {
            Terminals.Output.MarkupLineInterpolated($"\n[yellow]~[/] {change.Kind} {change.Name}");
            foreach (var line in change.Details)
            {
                Terminals.Output.WriteLine($"    {line}");
            }
        }

        foreach (var note in answer.Notes)
        {
            Terminals.Output.MarkupLineInterpolated($"\n[yellow]note:[/] {note}");
        }

        var changed = answer.Changes.Count(static change => change.Change != DefinitionChange.Unchanged);
        var reworded = answer.Changes.Count(static change => change.Change == DefinitionChange.Unchanged && change.Details.Count > 0);
        Terminals.Output.WriteLine((changed, planOnly) switch
        {
            (0, _) when reworded > 0 => $"Nothing {(planOnly ? "would change" : "changed")} but description, owner, tags or bounds of {reworded} {(reworded == 1 ? "definition" : "definitions")}.",
            (0, _) => "Nothing changes.",
            (_, true) => $"{changed} of {answer.Changes.Count} definitions would change. Apply them with: zwml apply",
            _ => $"{changed} of {answer.Changes.Count} definitions changed.",
        });
    }

    private static string Mark(DefinitionChange change) => change switch
    {
        DefinitionChange.Added => "[green]+[/]",
        DefinitionChange.Changed => "[yellow]~[/]",
        DefinitionChange.Removed => "[red]-[/]",
        _ => " ",
    };

    private static string Short(string fingerprint) => fingerprint.Length > 12 ? fingerprint[..12] + " " : "";
}
