using System.CommandLine;
using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Cli;

/// <summary>Options of a table of labelled texts, and the policy that is chosen on it.</summary>
internal sealed class LabelledTable
{
    private readonly Option<string?> _table = new("--table") { Description = "A .csv, .tsv or .jsonl file of labelled texts that the model has not seen: thresholds are chosen on it, and policy.json is written." };
    private readonly Option<string> _text = new("--text") { Description = "Column of the texts.", DefaultValueFactory = static _ => "text" };
    private readonly Option<string[]> _label = new("--label") { Description = "Column of the label; several columns hold 0 or 1 each.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string[]> _harmless = new("--harmless") { Description = "Labels that are no reason to act.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _language = Language();
    private readonly Option<string?> _surface = Surface();
    private readonly Option<string> _review = new("--review") { Description = "What flagging for review must reach: precision=P, recall=R or cost=C.", DefaultValueFactory = static _ => "recall=0.9" };
    private readonly Option<string> _block = new("--block") { Description = "What blocking must reach.", DefaultValueFactory = static _ => "precision=0.95" };

    public static LabelledTable Create() => new();

    public static Option<string?> Language() => new("--language")
    {
        Description = $"Column of each text's language, as items will name it: a language with {PolicyChoice.RowsMin} texts or more with a label, and as many without it, gets thresholds of its own.",
    };

    public static Option<string?> Surface() => new("--surface") { Description = "Column of where each text stood, as items will name it (comment, profile...): thresholds by surface, as by language." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_table, _text, _label, _language, _surface, _harmless, _review, _block])
        {
            command.Options.Add(option);
        }
    }

    /// <returns><see langword="null"/>: no table is named.</returns>
    public LabelledTexts? Read(ParseResult parse, string[] labels)
    {
        if (parse.GetValue(_table) is not { } table)
        {
            return null;
        }

        var columns = parse.GetValue(_label) is { Length: > 0 } given ? given : ["label"];
        var data = LabelledTexts.Read(table, parse.GetRequiredValue(_text), columns, columns.Length == 1 ? labels : [], parse.GetValue(_language), parse.GetValue(_surface));
        return data.Labels.Names.Except(labels, StringComparer.Ordinal).FirstOrDefault() is { } unknown
            ? throw new UsageException($"--label: the model has no label '{unknown}'; expected some of {string.Join(", ", labels)}.")
            : data;
    }

    /// <summary>A rule's label, and the language and surface that it is of.</summary>
    public static string PlaceOf(ModerationRule rule) =>
        rule.Label + (rule.Language == ModerationRule.Any ? "" : $", language {rule.Language}") + (rule.Surface == ModerationRule.Any ? "" : $", surface {rule.Surface}");

    /// <summary>Scores the texts, says how well that goes, and writes policy.json beside the package.</summary>
    public void WritePolicy(ParseResult parse, ModelPackage package, ITextModel model, LabelledTexts data)
    {
        // In the order of the table's labels, of which the model may have more.
        int[] places = [.. data.Labels.Names.Select(name => model.Labels.ToList().IndexOf(name))];
        var workspace = new TextWorkspace();
        float[][] probabilities = [.. data.Texts.Select(text =>
        {
            var scores = model.Score(text, workspace).Probabilities;
            return places.Select(place => scores[place]).ToArray();
        })];
        var policy = PolicyChoice.Choose(
            ModerationPolicy.NameOf(package.Manifest.Name, package.Digest), package.Digest, probabilities, data, parse.GetValue(_harmless) ?? [], ThresholdGoal.Parse(parse.GetRequiredValue(_review)), ThresholdGoal.Parse(parse.GetRequiredValue(_block)));
        policy.Write(Path.Combine(package.Directory, "policy.json"));
        foreach (var rule in policy.Rules)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{PlaceOf(rule)}: review from {rule.Review:F4}, block from {rule.Block:F4}; {rule.ChosenFor}"));
        }
    }
}
