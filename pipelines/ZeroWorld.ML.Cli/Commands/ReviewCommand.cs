using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml review</c>: the cases that wait for a person, and verdicts, which are labels for the next training.</summary>
internal static class ReviewCommand
{
    public static Command Create() => new("review", "Cases that wait for a person.") { List(), Verdict() };

    private static Command List()
    {
        var (folder, json) = (Folder(), CommonOptions.Json());
        var most = new Option<int>("--limit") { Description = "Cases at most.", DefaultValueFactory = static _ => 20 };
        var command = new Command("list", "Shows open cases, oldest first.") { folder, most, json };
        command.SetAction(parse =>
        {
            if (parse.GetValue(most) < 1)
            {
                throw new UsageException($"--limit is {parse.GetValue(most)}; expected 1 or more.");
            }

            var cases = Open(parse.GetRequiredValue(folder)).Open().Take(parse.GetValue(most)).ToArray();
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(cases, ModerationJson.Options));
                return ExitCode.Success;
            }

            if (cases.Length == 0)
            {
                Terminals.Output.WriteLine("No open cases.");
                return ExitCode.Success;
            }

            var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "label", "score", "text", "because of");
            foreach (var one in cases)
            {
                table.AddRow(
                    Markup.Escape(one.Id),
                    Markup.Escape(one.Decision.Label ?? ""),
                    one.Decision.Label is { } label ? one.Decision.Scores[label].ToString("F3", CultureInfo.InvariantCulture) : "",
                    Markup.Escape(one.Text.Length > 80 ? one.Text[..80] + "..." : one.Text),
                    Markup.Escape(string.Join(" ", one.Decision.Reasons.Select(static reason => reason.Text))));
            }

            Terminals.Output.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Verdict()
    {
        var folder = Folder();
        var id = new Argument<string>("id") { Description = "Id of the case, as zwml review list shows it." };
        var label = new Argument<string>("label") { Description = "What is true of it: a label of the model." };
        var reviewer = new Option<string>("--reviewer") { Description = "Who says so.", DefaultValueFactory = static _ => Environment.UserName };
        var command = new Command("verdict", "Closes a case: verdicts.jsonl is data for zwml train moderation --verdicts.") { id, label, folder, reviewer };
        command.SetAction(parse =>
        {
            Open(parse.GetRequiredValue(folder)).Close(
                parse.GetRequiredValue(id), parse.GetRequiredValue(label), parse.GetRequiredValue(reviewer), TimeProvider.System.GetUtcNow());
            return ExitCode.Success;
        });
        return command;
    }

    private static ReviewQueue Open(string folder) => Directory.Exists(folder)
        ? new ReviewQueue(folder)
        : throw new UsageException($"--output: there is no folder '{folder}'; expected the folder that zwml moderate file wrote its decisions to.");

    private static Option<string> Folder() => new("--output", "-o") { Description = "Folder of the decisions.", Required = true };
}
