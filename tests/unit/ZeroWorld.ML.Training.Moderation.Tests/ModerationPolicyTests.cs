using Xunit;

namespace ZeroWorld.ML.Training.Moderation.Tests;

/// <summary>Policies, and how their thresholds are chosen.</summary>
public sealed class ModerationPolicyTests
{
    [Theory]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"absent","review":0.5,"block":0.9}]}""", "no label 'absent'")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"a","review":0.9,"block":0.5}]}""", "review 0.9 and block 0.5")]
    [InlineData("""{"name":"p","version":0,"model":"m","rules":[]}""", "version 0")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[],"colour":1}""", "colour")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"a","review":0.1,"block":0.2},{"label":"a","review":0.1,"block":0.3}]}""", "already")]
    [InlineData("no json", "invalid JSON")]
    public void Parse_WrongPolicy_SaysWhatIsWrong(string json, string part)
    {
        var error = Assert.Throws<TrainingException>(() => ModerationPolicy.Parse(System.Text.Encoding.UTF8.GetBytes(json), ["a", "b"], "test"));

        Assert.Equal(TrainingError.InvalidInput, error.Error);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void Decide_RulesOfLanguageAndSurface_TheMostSpecificCounts()
    {
        var policy = new ModerationPolicy
        {
            Name = "p",
            Version = 1,
            Model = "m",
            Rules =
            [
                new ModerationRule("a", 0.5, 0.9),
                new ModerationRule("a", 0.2, 0.3) { Language = "de" },
                new ModerationRule("a", 0.7, 0.95) { Surface = "profile" },
                new ModerationRule("b", 0.6, Thresholds.Never),
            ],
        };

        Assert.Equal((ModerationAction.Review, 0), policy.Decide(["a", "b"], [0.6f, 0.1f], "", "comment"));
        Assert.Equal((ModerationAction.Block, 0), policy.Decide(["a", "b"], [0.35f, 0.9f], "de", "profile"));
        Assert.Equal((ModerationAction.Allow, -1), policy.Decide(["a", "b"], [0.6f, 0.1f], "fr", "profile"));
        Assert.Equal((ModerationAction.Review, 1), policy.Decide(["a", "b"], [0.1f, 1f], "", ""));
    }

    [Fact]
    public void Choose_Goals_GiveTheThresholdsOfTheDefinition()
    {
        float[] scores = [0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f];
        bool[] positives = [false, false, true, false, true, false, true, true];

        Assert.Equal(0.7, LeastFlagged("precision=0.9"), 1e-6);
        Assert.Equal(0.5, LeastFlagged("recall=0.75"), 1e-6);
        Assert.Equal(0.3, LeastFlagged("cost=10"), 1e-6);
        Assert.Throws<TrainingException>(() => Thresholds.Choose(scores, new bool[8], ThresholdGoal.Parse("recall=0.5")));
        Assert.Throws<TrainingException>(() => ThresholdGoal.Parse("recall=1.5"));

        float LeastFlagged(string goal)
        {
            var threshold = Thresholds.Choose(scores, positives, ThresholdGoal.Parse(goal)).Threshold;
            return scores.Where(score => score >= threshold).Min();
        }
    }

    [Theory]
    [InlineData("precision=0.9")]
    [InlineData("recall=0.8")]
    public void Choose_Goal_HoldsOnMostFurtherSamples(string goal)
    {
        var random = new Random(11);
        var asked = ThresholdGoal.Parse(goal);
        var reached = 0;
        for (var sample = 0; sample < 200; sample++)
        {
            var (scores, positives) = Sample(400);
            var (furtherScores, further) = Sample(20_000);

            var threshold = Thresholds.Choose(scores, positives, asked).Threshold;

            var flagged = furtherScores.Count(score => score >= threshold);
            var found = Enumerable.Range(0, further.Length).Count(row => further[row] && furtherScores[row] >= threshold);
            reached += (double)found / (asked.Kind == ThresholdGoalKind.Precision ? flagged : further.Count(static isPositive => isPositive)) >= asked.Value ? 1 : 0;
        }

        // By what the samples themselves give it would be about half.
        Assert.InRange(reached, 150, 200);

        (float[] Scores, bool[] Positives) Sample(int rows)
        {
            float[] scores = [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle())];
            return (scores, [.. scores.Select(score => random.NextSingle() < score)]);
        }
    }

    [Fact]
    public void Choose_FewRows_IsByWhatTheyGive()
    {
        float[] scores = [0.1f, 0.2f, 0.8f, 0.9f];

        // Two of two are no sign of 0.99; none of the thresholds would be.
        Assert.Equal(0.8, Thresholds.Choose(scores, [false, false, true, true], ThresholdGoal.Parse("precision=0.99")).Threshold, 1e-6);
    }

    [Fact]
    public void Map_NewScores_FlagAsManyAsBefore()
    {
        var random = new Random(3);
        float[] old = [.. Enumerable.Range(0, 1_000).Select(_ => random.NextSingle())];
        float[] next = [.. old.Select(static score => (score * score * 0.5f) + 0.1f)];

        var threshold = Thresholds.Map(old, next, 0.8);

        Assert.Equal(old.Count(static score => score >= 0.8f), next.Count(score => score >= threshold));
    }

    // All that are hostile are above 0.8, and a few more thresholds below reach the precision as well.
    [Fact]
    public void Choose_PrecisionThatManyThresholdsReach_IsTheOneThatFlagsNothingForNothing()
    {
        float[] scores = [.. Enumerable.Range(0, 1_000).Select(static row => row / 1_000f)];
        bool[] positives = [.. scores.Select(static score => score >= 0.8f)];

        var chosen = Thresholds.Choose(scores, positives, ThresholdGoal.Parse("precision=0.9"));

        Assert.Equal((0.8, 1.0, 1.0), (Math.Round(chosen.Threshold, 2), chosen.Precision, chosen.Recall));
    }

    [Theory]
    [InlineData("precision=0.9", 0.999)]
    [InlineData("recall=0.9", 0.001)]
    [InlineData("cost=3", 0.5)]
    public void Choose_ScoresFarFromEachOther_LeavesThoseBetweenToThatSideThatTheGoalIsAbout(string goal, double expected)
    {
        float[] scores = [0, .. Enumerable.Repeat(0.001f, 100), .. Enumerable.Repeat(0.999f, 100), 1];
        bool[] positives = [.. scores.Select(static score => score > 0.5f)];

        var threshold = Thresholds.Choose(scores, positives, ThresholdGoal.Parse(goal)).Threshold;

        Assert.Equal(expected, threshold, 1e-4);
        Assert.Equal(101, scores.Count(score => score >= threshold));
    }

    [Theory]
    [InlineData("recall=0.5", "precision=0.1", true)]
    [InlineData("precision=0.1", "recall=0.5", false)]
    public void Choose_BlockingBeginsBelowReview_TheRuleSaysThatNothingIsReviewed(string review, string block, bool isLowered)
    {
        float[] scores = [.. Enumerable.Repeat(0.9f, 60), .. Enumerable.Repeat(0.2f, 80), .. Enumerable.Repeat(0.1f, 40)];
        var data = new LabelledTexts([.. scores.Select(static (_, row) => $"text {row}")], new LabelMatrix(["foul"], [.. scores.Select(static score => score != 0.2f)], false));

        var policy = PolicyChoice.Choose("p", "m", [.. scores.Select(static score => new[] { score })], data, [], ThresholdGoal.Parse(review), ThresholdGoal.Parse(block));

        var rule = Assert.Single(policy.Rules);
        Assert.Equal((isLowered, isLowered), (rule.Review == rule.Block, rule.ChosenFor!.Contains("nothing waits for review", StringComparison.Ordinal)));
    }

    // All that are hostile are above 0.8. A tenth of what is flagged may be wrong: what that leaves room for is looked at, and not blocked.
    [Fact]
    public void Choose_BlockingThatCouldBeginLower_TheRestIsReviewed()
    {
        float[] scores = [.. Enumerable.Range(0, 1_000).Select(static row => row / 1_000f)];
        var data = new LabelledTexts([.. scores.Select(static (_, row) => $"text {row}")], new LabelMatrix(["foul"], [.. scores.Select(static score => score >= 0.8f)], false));

        var policy = PolicyChoice.Choose("p", "m", [.. scores.Select(static score => new[] { score })], data, [], ThresholdGoal.Parse("recall=0.9"), ThresholdGoal.Parse("precision=0.9"));

        var rule = Assert.Single(policy.Rules);
        Assert.Equal(0.8, rule.Block, 1e-6);
        Assert.InRange(200.0 / scores.Count(score => score >= rule.Review), 0.9, 0.95);
        Assert.Contains("lowered to the least threshold of precision=0.9", rule.ChosenFor, StringComparison.Ordinal);
    }

    // English is hostile from 0.8 on, German from 0.4; in profiles German is from 0.6 on. French has too few hostile texts, and some are of no known language.
    [Fact]
    public void Choose_LanguagesAndSurfaces_HaveThresholdsOfTheirOwnWhereTheirTextsSuffice()
    {
        var (texts, languages, surfaces, hostile, scores) = (new List<string>(), new List<string>(), new List<string>(), new List<bool>(), new List<float[]>());
        Add("en", "comment", 0.8f);
        Add("en", "profile", 0.8f);
        Add("de", "comment", 0.4f);
        Add("de", "profile", 0.6f);
        Add("fr", "comment", 0.9f);
        Add("", "", 0.8f);
        var data = new LabelledTexts(texts, new LabelMatrix(["hostile"], [.. hostile], false)) { Languages = languages, Surfaces = surfaces };

        var policy = PolicyChoice.Choose("p", "m", scores, data, [], ThresholdGoal.Parse("recall=0.9"), ThresholdGoal.Parse("precision=0.95"));

        Assert.Equal(
            ["*/*", "de/*", "en/*", "*/comment", "*/profile", "de/comment", "de/profile", "en/comment", "en/profile"],
            policy.Rules.Select(static rule => $"{rule.Language}/{rule.Surface}"));
        Assert.Equal([0.4, 0.6, 0.8, 0.8], policy.Rules.Skip(5).Select(static rule => Math.Round(rule.Block, 2)));
        Assert.Contains("also for language fr (40 of 400 held-out rows have the label); language fr, surface comment (40 of 400", policy.Rules[0].ChosenFor, StringComparison.Ordinal);
        Assert.Equal(ModerationAction.Block, policy.Decide(["hostile"], [0.45f], "de", "comment").Action);
        Assert.Equal(ModerationAction.Allow, policy.Decide(["hostile"], [0.45f], "en", "comment").Action);

        void Add(string language, string surface, float from)
        {
            for (var row = 0; row < 400; row++)
            {
                texts.Add($"text {texts.Count}");
                languages.Add(language);
                surfaces.Add(surface);
                scores.Add([row / 400f]);
                hostile.Add(row / 400f >= from);
            }
        }
    }
}
