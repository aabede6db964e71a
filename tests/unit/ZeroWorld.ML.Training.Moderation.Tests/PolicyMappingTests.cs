using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class PolicyMappingTests
{
    private static readonly string[] Labels = ["fine", "hate", "spam"];
    private static readonly ModerationAction[] Actions = [ModerationAction.Allow, ModerationAction.Review, ModerationAction.Block];

    // The old model's labels go together, the new one's exclude each other: as many flagged by each label are far more in all.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Map_LabelsThatGoTogetherInTheOldModelOnly_KeepsTheCombinedActions(int seed)
    {
        var (old, next, texts) = Models(seed, 400);
        var policy = Policy(new ModerationRule("hate", 0.5, 0.9), new ModerationRule("spam", 0.5, 0.9));

        var (mapped, confusions) = PolicyMapping.Map(policy, old, next, "new", texts);

        var (before, after) = (Counts(policy, old, texts), Counts(mapped, next, texts));
        Assert.All(Actions, action => Assert.InRange(after[(int)action], before[(int)action] - 1, before[(int)action] + 1));
        Assert.NotInRange(Counts(ByLabel(policy, old, next, texts), next, texts)[0], before[0] - 20, before[0] + 20);
        var confusion = Assert.Single(confusions);
        Assert.Equal("all", confusion.Scope);
        Assert.Equal(before, Actions.Select(confusion.Before));
        Assert.Equal(after, Actions.Select(confusion.After));
        Assert.All(mapped.Rules, static rule => Assert.InRange(rule.Review, 0, rule.Block));
        Assert.Equal(("new", 5), (mapped.Model, mapped.Version));
    }

    [Fact]
    public void Map_SameModel_ChangesNoAction()
    {
        var (old, _, texts) = Models(4, 300);
        var policy = Policy(new ModerationRule("hate", 0.4, 0.8), new ModerationRule("spam", 0.7, Thresholds.Never));

        var (mapped, confusions) = PolicyMapping.Map(policy, old, old, "new", texts);

        Assert.All(texts, text => Assert.Equal(Decide(policy, old, text), Decide(mapped, old, text)));
        Assert.All(Actions, action => Assert.Equal(confusions[0].Before(action), confusions[0][action, action]));
        Assert.Equal(Thresholds.Never, mapped.Rules[1].Block);
    }

    [Fact]
    public void Map_RulesOfALanguageAndASurface_KeepsTheActionsOfEach()
    {
        var (old, next, texts) = Models(5, 900);
        texts = [.. texts.Select(static (text, row) => text with { Language = row % 3 == 0 ? "de" : "en", Surface = row % 2 == 0 ? "comment" : "" })];
        var policy = Policy(
            new ModerationRule("hate", 0.5, 0.9), new ModerationRule("spam", 0.6, 0.9), new ModerationRule("hate", 0.2, 0.6) { Language = "de" }, new ModerationRule("spam", 0.3, 0.5) { Surface = "comment" });

        var (mapped, confusions) = PolicyMapping.Map(policy, old, next, "new", texts);

        Assert.Equal(
            ["language de", "language de, surface comment", "other", "surface comment"], confusions.Select(static one => one.Scope).Order(StringComparer.Ordinal));
        foreach (var scope in texts.GroupBy(static text => (text.Language, text.Surface)))
        {
            var name = (scope.Key.Language, scope.Key.Surface) switch { ("de", "") => "language de", ("de", _) => "language de, surface comment", (_, "") => "other", _ => "surface comment" };
            var confusion = confusions.Single(one => one.Scope == name);
            Assert.Equal(Counts(policy, old, [.. scope]), Actions.Select(confusion.Before));
            Assert.Equal(Counts(mapped, next, [.. scope]), Actions.Select(confusion.After));
        }

        // Four scopes share four rules, so that not every count can be kept: 36 texts of 900 are the least that a search at random leaves.
        var byLabel = ByLabel(policy, old, next, texts);
        Assert.InRange(Differences(mapped), 0, 72);
        Assert.InRange(Differences(byLabel), 144, int.MaxValue);

        int Differences(ModerationPolicy other) => texts.GroupBy(static text => (text.Language, text.Surface)).Sum(scope =>
            Counts(policy, old, [.. scope]).Zip(Counts(other, next, [.. scope]), static (was, now) => Math.Abs(was - now)).Where(static (_, action) => action != (int)ModerationAction.Review).Sum());
    }

    [Fact]
    public void Map_TextsWithoutLanguages_StandForEachThatRulesName()
    {
        var (old, next, texts) = Models(6, 200);
        var policy = Policy(new ModerationRule("hate", 0.5, 0.9), new ModerationRule("hate", 0.2, 0.6) { Language = "de" });

        var (_, confusions) = PolicyMapping.Map(policy, old, next, "new", texts);

        Assert.Equal(["language de", "other"], confusions.Select(static one => one.Scope));
        Assert.All(confusions, one => Assert.Equal((200, one.Before(ModerationAction.Allow)), (one.Texts, one.After(ModerationAction.Allow))));
    }

    // Between the harmless and the hostile texts there is none: what lies there decides the same.
    [Fact]
    public void Map_ModelsThatTellAllApart_KeepsTheThresholdsThatStillDoAndTakesTheMiddleForOthers()
    {
        IReadOnlyList<HeldOutText> texts = [.. Enumerable.Range(0, 200).Select(static row => new HeldOutText($"{row}"))];
        var old = new TableModel(Labels, static text => int.Parse(text) % 4 == 0 ? [0.01f, 0.99f, 0] : [0.99f, 0.01f, 0]);
        var next = new TableModel(Labels, static text => int.Parse(text) % 4 == 0 ? [0.2f, 0.8f, 0] : [0.8f, 0.2f, 0]);

        var (mapped, confusions) = PolicyMapping.Map(Policy(new ModerationRule("hate", 0.3, 0.9)), old, next, "new", texts);

        Assert.Equal((0.3, 0.5), (mapped.Rules[0].Review, Math.Round(mapped.Rules[0].Block, 3)));
        Assert.Equal([150, 0, 50], Actions.Select(confusions[0].After));
        Assert.Equal(ModerationAction.Block, mapped.Decide(Labels, [0.3f, 0.7f, 0], "", "").Action);
    }

    [Theory]
    [InlineData(99, "hate", "99 held-out texts; expected at least 100")]
    [InlineData(250, "hate", "rules[1] (label 'hate', language 'de', surface '*') decides about 84 of 250 held-out texts; expected at least 100")]
    [InlineData(250, "fine", "the new model has no label 'fine'; it has hate, spam")]
    public void Map_TooFewTextsOrNoSuchLabel_IsRefusedByName(int count, string label, string expected)
    {
        var (old, _, texts) = Models(7, count);
        texts = [.. texts.Select(static (text, row) => text with { Language = row % 3 == 0 ? "de" : "en" })];
        var next = new TableModel(["hate", "spam"], static _ => [0.5f, 0.5f]);

        var error = Assert.Throws<TrainingException>(() => PolicyMapping.Map(Policy(new ModerationRule(label, 0.5, 0.9), new ModerationRule("hate", 0.2, 0.6) { Language = "de" }), old, next, "new", texts));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    // One score for every text: whatever the thresholds, all texts are flagged or none is, and the figures say so.
    [Fact]
    public void Map_NewModelThatTellsNothingApart_SaysWhatBecomesOfTheTexts()
    {
        var (old, _, texts) = Models(8, 200);
        var policy = Policy(new ModerationRule("hate", 0.5, 0.9));
        var next = new TableModel(Labels, static _ => [0.2f, 0.4f, 0.4f]);

        var (mapped, confusions) = PolicyMapping.Map(policy, old, next, "new", texts);

        Assert.Equal(Counts(mapped, next, texts), Actions.Select(confusions[0].After));
        Assert.Contains(200, Actions.Select(confusions[0].After));
    }

    // Texts are numbers of rows of scores.
    private static (TableModel Old, TableModel Next, IReadOnlyList<HeldOutText> Texts) Models(int seed, int count)
    {
        var random = new Random(seed);
        var (old, next) = (new float[count][], new float[count][]);
        for (var row = 0; row < count; row++)
        {
            var (bad, hate, spam) = (random.NextSingle(), random.NextSingle(), random.NextSingle());
            old[row] = [1 - bad, Math.Clamp(bad + (0.1f * (hate - 0.5f)), 0, 1), Math.Clamp(bad + (0.1f * (spam - 0.5f)), 0, 1)];
            next[row] = hate < 0.5f ? [(1 - bad) / 2, bad / 2, bad * spam / 4] : [(1 - bad) / 2, bad * spam / 4, bad / 2];
        }

        return (new TableModel(Labels, text => old[int.Parse(text)]), new TableModel(Labels, text => next[int.Parse(text)]), [.. Enumerable.Range(0, count).Select(static row => new HeldOutText($"{row}"))]);
    }

    private static ModerationPolicy Policy(params ModerationRule[] rules) => new() { Name = "house", Version = 4, Model = "old", Rules = rules };

    private static ModerationPolicy ByLabel(ModerationPolicy policy, TableModel old, TableModel next, IReadOnlyList<HeldOutText> texts)
    {
        float[] Scores(TableModel model, string label) => [.. texts.Select(text => model.Of(text.Text)[Array.IndexOf(Labels, label)])];
        return policy with
        {
            Rules = [.. policy.Rules.Select(rule => rule with
            {
                Review = Thresholds.Map(Scores(old, rule.Label), Scores(next, rule.Label), rule.Review), Block = Thresholds.Map(Scores(old, rule.Label), Scores(next, rule.Label), rule.Block),
            })],
        };
    }

    private static ModerationAction Decide(ModerationPolicy policy, TableModel model, HeldOutText text) => policy.Decide(model.Labels, model.Of(text.Text), text.Language, text.Surface).Action;

    private static int[] Counts(ModerationPolicy policy, TableModel model, IReadOnlyList<HeldOutText> texts)
    {
        ModerationAction[] actions = [.. texts.Select(text => Decide(policy, model, text))];
        return [.. Actions.Select(action => actions.Count(one => one == action))];
    }

    private sealed class TableModel(IReadOnlyList<string> labels, Func<string, float[]> of) : ITextModel
    {
        public IReadOnlyList<string> Labels { get; } = labels;

        public string? Build => null;

        public float[] Of(string text) => of(text);

        public ScoredText Score(string text, TextWorkspace workspace) => new(of(text), false);

        public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace) => [];
    }
}
