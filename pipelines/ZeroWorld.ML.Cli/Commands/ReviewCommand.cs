using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using ZeroWorld.ML.Pipelines.Moderation;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml review</c>: the cases that wait for a person, and verdicts, which are labels for the next training.</summary>
internal static class ReviewCommand
{
    private const int CasesMax = 10_000;
    private const int TextMost = 80;

    // Of the share of the strongest reason.
    private const double ShareLeast = 0.05;

    public static Command Create() => new("review", "Cases that wait for a person: of a folder, Redis or Kafka.") { List(), Show(), Verdict(), Export() };

    private static Command List()
    {
        var json = CommonOptions.Json();
        var most = new Option<int>("--limit") { Description = "Cases at most.", DefaultValueFactory = static _ => 20 };
        var after = new Option<string?>("--after") { Description = "Only cases behind the one with this id: the next page." };
        var label = new Option<string[]>("--label") { Description = "Only cases that are here for one of these labels.", AllowMultipleArgumentsPerToken = true };
        var language = new Option<string[]>("--language") { Description = "Only cases in one of these languages, as items name them; '' for those that name none.", AllowMultipleArgumentsPerToken = true };
        var surface = new Option<string[]>("--surface") { Description = "Only cases of one of these surfaces, as items name them; '' for those that name none.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("list", "Shows open cases, oldest first.") { most, after, label, language, surface, json };
        var source = ReviewSource.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            if (parse.GetValue(most) < 1)
            {
                throw new UsageException($"--limit is {parse.GetValue(most)}; expected 1 or more.");
            }

            return source.RunAsync(parse, async queue =>
            {
                var cases = await queue.ListAsync(parse.GetValue(after), Math.Min(parse.GetValue(most), CasesMax), IsAsked, cancellationToken);
                if (parse.GetValue(json))
                {
                    Console.Out.WriteLine(JsonSerializer.Serialize(cases, ModerationJson.Options));
                }
                else
                {
                    Write(cases);
                }
            }, cancellationToken);

            bool IsAsked(ReviewCase one) => IsOneOf(one.Decision.Label, label) && IsOneOf(one.Language, language) && IsOneOf(one.Surface, surface);

            bool IsOneOf(string? value, Option<string[]> asked) => parse.GetValue(asked) is not { Length: > 0 } names || names.Contains(value ?? "", StringComparer.Ordinal);
        });
        return command;
    }

    private static void Write(IReadOnlyList<ReviewCase> cases)
    {
        if (cases.Count == 0)
        {
            Terminals.Output.WriteLine("No open cases.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "label", "score", "text", "because of");
        foreach (var one in cases)
        {
            table.AddRow(
                Markup.Escape(ShownText.Line(one.Id)),
                Markup.Escape(ShownText.Line(one.Decision.Label ?? "")),
                one.Decision.Label is { } label && one.Decision.Scores.TryGetValue(label, out var score) ? score.ToString("F3", CultureInfo.InvariantCulture) : "",
                Markup.Escape(ShownText.Line(one.Text, TextMost)),
                Markup.Escape(ShownText.Line(string.Join(" ", Telling(one.Decision).Select(static reason => reason.Text)))));
        }

        Terminals.Output.Write(table);
    }

    // What moved the score next to nothing is no reason to a person who looks at a row: show has all.
    private static IEnumerable<TextReason> Telling(ModerationDecision decision) =>
        decision.Reasons.Where(reason => reason.Share >= ShareLeast * decision.Reasons.Max(static other => other.Share));

    private static Command Show()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        var command = new Command("show", "Shows a case whole, and its verdict where it has one.") { id, json };
        var source = ReviewSource.AddTo(command);
        command.SetAction((parse, cancellationToken) => source.RunAsync(parse, async queue =>
        {
            var (one, verdict) = await queue.FindAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(new { Case = one, Verdict = verdict }, ModerationJson.Options));
                return;
            }

            var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
            foreach (var (name, value) in Rows(one, verdict))
            {
                table.AddRow(Markup.Escape(name), Markup.Escape(ShownText.Lines(value)));
            }

            Terminals.Output.Write(table);
        }, cancellationToken));
        return command;
    }

    private static IEnumerable<(string Name, string Value)> Rows(ReviewCase one, ReviewVerdict? verdict)
    {
        var decision = one.Decision;
        yield return ("id", one.Id);
        yield return ("text", one.Text);
        yield return ("language, surface", $"{one.Language}, {one.Surface}");
        yield return ("scores", string.Join("; ", decision.Scores.OrderByDescending(static score => score.Value).Select(static score => string.Create(CultureInfo.InvariantCulture, $"{score.Key} {score.Value:F3}"))));
        yield return ("because of", string.Join("; ", decision.Reasons.Select(static reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Text} {reason.Share:F2}"))));
        yield return ("for review by", string.Create(CultureInfo.InvariantCulture, $"{decision.Label}, policy {decision.Policy} {decision.PolicyVersion}, model {decision.Model}, {decision.Time:u}"));
        yield return ("verdict", verdict is null ? "none yet" : string.Create(CultureInfo.InvariantCulture, $"{verdict.Summary}, by {verdict.Reviewer}, {verdict.Time:u}"));
    }

    private static Command Verdict()
    {
        var (id, json) = (Id(), CommonOptions.Json());
        var labels = new Argument<string[]>("labels") { Description = "What is true of it: the label, or every label where a text may have several.", Arity = ArgumentArity.ZeroOrMore };
        var none = new Option<bool>("--none") { Description = "None of the labels is true of it." };
        var reviewer = new Option<string>("--reviewer") { Description = "Who says so.", DefaultValueFactory = static _ => Environment.UserName };
        var command = new Command("verdict", "Closes a case; the first verdict of a case counts, and repeating it is safe.") { id, labels, none, reviewer, json };
        var source = ReviewSource.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            var given = parse.GetValue(labels) ?? [];
            if (parse.GetValue(none) == given.Length > 0)
            {
                throw new UsageException(given.Length > 0 ? $"--none and {string.Join(", ", given)}; expected one or the other." : "What is true of it? Expected one or more labels, or --none.");
            }

            return source.RunAsync(parse, async queue =>
            {
                var verdict = await queue.CloseAsync(parse.GetRequiredValue(id), given, parse.GetRequiredValue(reviewer), TimeProvider.System.GetUtcNow(), cancellationToken);
                Console.Out.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(verdict, ModerationJson.Options) : ShownText.Line($"{verdict.Id} is {verdict.Summary}, says {verdict.Reviewer}."));
            }, cancellationToken);
        });
        return command;
    }

    private static Command Export()
    {
        var to = new Option<string>("--to") { Description = "File, written whole or not at all.", Required = true };
        var command = new Command("export", "Writes all verdicts to a file for zwml train moderation --verdicts.") { to };
        var source = ReviewSource.AddTo(command);
        command.SetAction((parse, cancellationToken) => source.RunAsync(parse, async queue =>
        {
            var (path, count) = (parse.GetRequiredValue(to), 0);
            var part = $"{path}.part";
            await using (var file = File.Create(part))
            {
                await foreach (var verdict in queue.VerdictsAsync(cancellationToken))
                {
                    await file.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(verdict, ModerationJson.Options), (byte)'\n'], cancellationToken);
                    count++;
                }
            }

            File.Move(part, path, overwrite: true);
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} verdicts"));
        }, cancellationToken));
        return command;
    }

    private static Argument<string> Id() => new("id") { Description = "Id of the case, as zwml review list shows it." };
}
