using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Training.Moderation.Tests;

/// <summary>A part of the suite of disguises (<c>ZeroWorld.ML.Benchmarks disguises</c> is all of it): what is asked about has no template of what was learned from.</summary>
public sealed class DisguiseTests
{
    private const int TextsMost = 100;
    private const double LossMost = 0.10;
    // What leaves some letters of a word, or tells them; of a word in Latin letters no letter is left.
    private static readonly TextObfuscation[] All = [.. Enum.GetValues<TextObfuscation>().Where(static kind => kind != TextObfuscation.LatinLetters)];

    [Theory]
    [InlineData("eng")]
    [InlineData("ara")]
    [InlineData("hin")]
    [InlineData("cmn")]
    public void Fit_HostileTextsInDisguise_AreFoundNearlyAsOftenAsPlainOnes(string language)
    {
        var (model, policy, asked) = Fit(language, new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = new LabelledTexts([], new LabelMatrix([], [], true)), OutputDirectory = "" });
        var plain = asked.Select(text => IsFlagged(model, policy, text.ToString())).ToArray();

        Assert.InRange(plain.Average(static isFlagged => isFlagged ? 1.0 : 0), 0.8, 1);
        foreach (var kind in Enum.GetValues<TextObfuscation>())
        {
            var hidden = asked.Select((text, row) => TextObfuscator.Apply(text.Words, place => text.IsKey[place], kind, text.Glue, new Random(row))).ToArray();
            int[] changed = [.. Enumerable.Range(0, hidden.Length).Where(row => hidden[row] != asked[row].ToString())];
            var lost = changed.Sum(row => (plain[row] ? 1 : 0) - (IsFlagged(model, policy, hidden[row]) ? 1 : 0)) / (double)Math.Max(1, changed.Length);
            Assert.True(lost <= LossMost, $"{language}, {kind}: {lost:F3} of the recall is lost in {changed.Length} texts; expected at most {LossMost}.");
        }
    }

    // All texts, by the likeliest label; of each kind that words of letters can have.
    [Theory]
    [InlineData("eng")]
    [InlineData("deu")]
    [InlineData("ara")]
    [InlineData("hin")]
    public void Fit_WordsReadAgain_LoseLittleOfTheLikeliestLabel(string language)
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = new LabelledTexts([], new LabelMatrix([], [], true)), OutputDirectory = "" };

        var (read, asTheyStand) = (LostLikeliest(language, request, All), LostLikeliest(language, request with { ReadsHiddenWords = false }, [TextObfuscation.MissingCharacter, TextObfuscation.MissingSpace]));

        Assert.All(read.Zip(All), pair => Assert.True(pair.First <= LossMost, $"{language}, {pair.Second}: {pair.First:F3} of the recall is lost; expected at most {LossMost}."));
        Assert.InRange(asTheyStand.Max(), LossMost, 1);
    }

    [Theory]
    [InlineData("deu")]
    [InlineData("ara")]
    public void Fit_WithCopies_LosesLessOfTheLikeliestLabel(string language)
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = new LabelledTexts([], new LabelMatrix([], [], true)), OutputDirectory = "" };

        request = request with { ReadsHiddenWords = false };
        var (with, without) = (LostLikeliest(language, request, All).Average(), LostLikeliest(language, request with { DisguisedCopies = 0 }, All).Average());

        Assert.True(with <= without * 0.7, $"{language}: {with:F3} of the recall is lost with copies, {without:F3} without them; expected at most 0.7 of it.");
    }

    [Fact]
    public void Fit_ArabicInLatinLetters_IsFoundByItsCopies()
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = new LabelledTexts([], new LabelMatrix([], [], true)), OutputDirectory = "" };

        var (with, without) = (LostLikeliest("ara", request, [TextObfuscation.LatinLetters])[0], LostLikeliest("ara", request with { DisguisedCopies = 0 }, [TextObfuscation.LatinLetters])[0]);

        Assert.True(with <= without * 0.6, $"{with:F3} of the recall is lost with copies, {without:F3} without them; expected at most 0.6 of it.");
    }

    // Letters with their signs, digits for letters, ideographs: what the rule knows of these scripts.
    [Theory]
    [InlineData("hin", TextObfuscation.Leetspeak, TextObfuscation.AddedSpace)]
    [InlineData("cmn", TextObfuscation.Swap, TextObfuscation.Separators, TextObfuscation.Emoji)]
    public void Fit_ScriptsOfRuleTwo_LoseLessThanByRuleOne(string language, params TextObfuscation[] kinds)
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = new LabelledTexts([], new LabelMatrix([], [], true)), OutputDirectory = "" };

        request = request with { ReadsHiddenWords = false };
        var (two, one) = (LostLikeliest(language, request, kinds).Average(), LostLikeliest(language, request with { Features = request.Features with { Folding = 1 } }, kinds).Average());

        Assert.True(two <= one * 0.7, $"{language}: {string.Join(", ", kinds)}: {two:F3} of the recall is lost by rule 2, {one:F3} by rule 1; expected at most 0.7 of it.");
    }

    [Theory]
    [InlineData("worthless", TextObfuscation.AddedSpace, "w o r t h l e s s")]
    [InlineData("ab\u0301c", TextObfuscation.AddedSpace, "a b\u0301 c")]
    [InlineData("Abc", TextObfuscation.FullWidth, "\uFF21\uFF42\uFF43")]
    [InlineData("\u0639\u0628\u062D\u0627", TextObfuscation.Leetspeak, "3\u06287\u0627")]
    [InlineData("\u5783\u573E", TextObfuscation.Swap, "\u573E\u5783")]
    [InlineData("\u5783\u573E", TextObfuscation.MissingCharacter, "\u5783\u573E")]
    [InlineData("exact", TextObfuscation.LookAlikes, "\u0435\u0445\u0430\u0441t")]
    public void Apply_OneWord_WritesItSo(string word, TextObfuscation kind, string expected) => Assert.Equal(expected, TextObfuscator.Apply(word, kind, 1, 1));

    [Fact]
    public void Apply_EachKind_ChangesALongWordAndIsRepeatable()
    {
        foreach (var kind in Enum.GetValues<TextObfuscation>())
        {
            var text = kind == TextObfuscation.LatinLetters ? "\u0634\u0643\u0644\u0647\u0645 \u0645\u0642\u0631\u0641" : "look disgusting";
            var hidden = TextObfuscator.Apply(text, kind, 1, 3);

            Assert.NotEqual(text, hidden);
            Assert.Equal(hidden, TextObfuscator.Apply(text, kind, 1, 3));
        }
    }

    // Seeds by which each letter has its first spelling, or another one.
    [Theory]
    [InlineData("\u0627\u0644\u062D\u0645\u0627\u0631!", "^[ae]l[7h][aeio]?mar!$")]
    [InlineData("\u0648\u0644\u0627\u062F", "^w[aeio]?lad$")]
    [InlineData("\u0645\u062D\u0645\u0651\u062F", "^m[aeio]?[7h][aeio]?mm[aeio]?d$")]
    [InlineData("\u0639\u064A\u0628 12", "^(3|a)(i|y|e|[aeio]y)[aeio]?b 12$")]
    [InlineData("plain", "^plain$")]
    public void Apply_ArabicInLatinLetters_IsOneOfItsSpellings(string text, string pattern)
    {
        string[] spellings = [.. Enumerable.Range(0, 40).Select(seed => TextObfuscator.Apply(text, TextObfuscation.LatinLetters, 1, seed))];

        Assert.All(spellings, spelling => Assert.Matches(pattern, spelling));
        Assert.Equal(text == "plain", spellings.Distinct().Count() == 1);
    }

    [Fact]
    public void Append_Arabic_HasCopiesInLatinLetters()
    {
        string[] texts = [.. Enumerable.Range(0, 60).Select(static row => $"\u0647\u0630\u0627 \u0627\u0644\u0643\u0644\u0628 {row}")];

        var copies = DisguisedCopies.Append(new LabelledTexts(texts, LabelMatrix.OfClasses([.. texts.Select(static (_, row) => row % 2 == 0 ? "fine" : "foul")])), 1, 1).Texts.Skip(texts.Length).ToArray();

        Assert.InRange(copies.Count(static copy => copy.All(char.IsAscii)), 15, 45);
    }

    [Fact]
    public void Append_Copies_FollowTheTextsWithTheirLabels()
    {
        var data = new LabelledTexts(["what a lovely garden", "you worthless people", "!"], LabelMatrix.OfClasses(["fine", "foul", "fine"]));

        var (texts, labels) = DisguisedCopies.Append(data, 2, 1);

        Assert.Equal(data.Texts, texts.Take(3));
        Assert.Equal(9, labels.Rows);
        for (var row = 0; row < texts.Count; row++)
        {
            Assert.Equal(data.Labels.ClassOf(row % 3), labels.ClassOf(row));
            Assert.Equal(row < 3 || row % 3 == 2, texts[row] == data.Texts[row % 3]);
        }
    }

    // By kind, key words hidden.
    private static double[] LostLikeliest(string language, ModerationTrainingRequest request, TextObfuscation[] kinds)
    {
        var (model, _, asked) = Fit(language, request);
        var hostile = model.Labels.ToList().IndexOf("hostile");
        bool IsHostile(string text)
        {
            var scores = new float[model.Labels.Count];
            model.Score(text, new TextWorkspace(), scores);
            return scores.AsSpan().IndexOfMax() == hostile;
        }

        return [.. kinds.Select(kind => asked.Select((text, row) =>
            (IsHostile(text.ToString()) ? 1.0 : 0) - (IsHostile(TextObfuscator.Apply(text.Words, place => text.IsKey[place], kind, text.Glue, new Random(row))) ? 1 : 0)).Average())];
    }

    // Harmless texts are most of what is learned from, so that an unknown text counts as harmless: made ones, and their words in any order.
    private static (TextModel Model, ModerationPolicy Policy, IReadOnlyList<MadeText> Asked) Fit(string language, ModerationTrainingRequest request)
    {
        var texts = DisguiseTexts.All.Single(texts => texts.Language == language);
        var random = new Random(5);
        var hostile = random.GetItems(texts.Learned.Where(static text => text.IsHostile).ToArray(), TextsMost * 2);
        var harmless = random.GetItems(texts.Learned.Where(static text => !text.IsHostile).ToArray(), TextsMost * 2);
        string[] words = [.. harmless.SelectMany(static text => text.Words)];
        var mixed = Enumerable.Range(0, TextsMost * 3).Select(_ => string.Join(harmless[0].Glue, random.GetItems(words, random.Next(4, 9)))).ToArray();
        string[] all = [.. hostile.Select(static text => text.ToString()), .. harmless.Select(static text => text.ToString()), .. mixed];
        request = request with
        {
            Data = new LabelledTexts(all, LabelMatrix.OfClasses([.. all.Select((_, row) => row < hostile.Length ? "hostile" : "fine")])), Harmless = ["fine"], Features = request.Features with { Bits = 16 },
        };
        var (model, data, _, probabilities) = ModerationTraining.Fit(request, static (_, _) => { }, TestContext.Current.CancellationToken);
        return (model, PolicyChoice.Choose("p", "", probabilities, data, ["fine"], request.Review, request.Block), random.GetItems(texts.Asked.Where(static text => text.IsHostile).ToArray(), TextsMost));
    }

    private static bool IsFlagged(TextModel model, ModerationPolicy policy, string text)
    {
        var scores = new float[model.Labels.Count];
        model.Score(text, new TextWorkspace(), scores);
        return policy.Rules.Any(rule => scores[model.Labels.ToList().IndexOf(rule.Label)] >= rule.Review);
    }
}
