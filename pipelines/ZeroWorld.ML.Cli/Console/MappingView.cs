using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>What a mapped policy does to the texts that it was mapped on, as a table: a row for each action that texts had.</summary>
internal static class MappingView
{
    private static readonly ModerationAction[] Actions = [ModerationAction.Allow, ModerationAction.Review, ModerationAction.Block];

    /// <summary>A rule's label, with the language and the surface that it is for.</summary>
    public static string NameOf(ModerationRule rule) =>
        rule.Label + (rule.Language == ModerationRule.Any ? "" : $", language {rule.Language}") + (rule.Surface == ModerationRule.Any ? "" : $", surface {rule.Surface}");

    public static void Write(IReadOnlyList<ActionConfusion> confusions)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("texts").AddColumn("action");
        foreach (var column in (string[])["before", "now", "now allowed", "now for review", "now blocked"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var confusion in confusions)
        {
            foreach (var action in Actions)
            {
                table.AddRow([
                    new Text(action == ModerationAction.Allow ? $"{confusion.Scope}, {Number(confusion.Texts)}" : ""), new Text(action.ToString().ToLowerInvariant()), new Text(Number(confusion.Before(action))), new Text(Number(confusion.After(action))),
                    .. Actions.Select(after => new Text(Number(confusion[action, after])))]);
            }
        }

        Terminals.Output.Write(table);
    }

    private static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
