using Xunit;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class LanguagePriorsTests
{
    private static readonly string[] Languages = ["spa", "deu", "glg", "kab"];

    [Fact]
    public void Offsets_AllAlike_NamesEachLanguageAsOftenAsItIsAsked()
    {
        var (priors, questions) = Asked();

        var offsets = priors.Offsets(null);

        // Shrunk a little, so not to the last digit.
        Assert.All(Named(questions, offsets), static share => Assert.Equal(0.25, share, 0.02));
        Assert.Contains(Named(questions, new float[4]), static share => Math.Abs(share - 0.25) > 0.04);
    }

    [Fact]
    public void Offsets_SmallShare_SmallLanguageThatNoOtherIsTakenForStartsNearer()
    {
        var offsets = Asked().Priors.Offsets(0.03);

        Assert.True(offsets[2] < offsets[3] - 1, $"{offsets[2]} {offsets[3]}");
        Assert.True(offsets[2] < Math.Min(offsets[0], offsets[1]) - 1);
    }

    [Fact]
    public void Offsets_NothingAsked_AreThoseOfTheKind()
    {
        var priors = new LanguagePriors(Languages);

        Assert.Equal([0f, 0, 0, 0], priors.Offsets(null));
        Assert.Equal([0f, 0, -4, -4], priors.Offsets(0.03));
    }

    [Fact]
    public void Offsets_SmallLanguagesAlone_AreAllAsked()
    {
        var priors = new LanguagePriors(["glg", "kab", "oci"]);
        for (var question = 0; question < 90; question++)
        {
            float[] margins = [0, 0, 0];
            margins[question % 3] = 3;
            priors.Ask(margins, question % 3, true);
        }

        Assert.All(priors.Offsets(0.03), static offset => Assert.Equal(0, offset, 0.01));
    }

    [Fact]
    public void Offsets_LanguageOfTwoAlphabets_IsAskedAsOftenAsOthers()
    {
        var (priors, questions) = Asked(["spa", "deu", "glg", "deu-Cyrl"]);

        var named = Named(questions, priors.Offsets(null), [1 / 3.0, 1 / 6.0, 1 / 3.0, 1 / 6.0]);

        Assert.Equal(1 / 3.0, named[1] + named[3], 0.02);
        Assert.Equal(1 / 3.0, named[0], 0.02);
    }

    [Fact]
    public void HeldOutWords_OfEveryLanguage_AreAskedAndNotLearned()
    {
        string[] words = [.. Enumerable.Range(0, 300).Select(static number => $"wort{(char)('a' + (number % 26))}{(char)('a' + (number / 26))}")];
        var counts = WordCounts.Of([string.Join(' ', words), string.Join(' ', words.Select(static word => word + ".")), "und oder aber wenn weil doch nicht auch noch schon immer wieder hier"], LabelMatrix.OfClasses(["deu", "glg", "spa"]));

        var learned = HeldOutWords.Learned(counts)!;
        var asked = HeldOutWords.Questions(counts).ToArray();

        string[] held = [.. asked.Where(static question => question is { Language: 0, IsWord: true }).Select(static question => question.Text).Order(StringComparer.Ordinal)];
        Assert.InRange(held.Length, 20, 120);
        Assert.Equal(held, asked.Where(static question => question is { Language: 1, IsWord: true }).Select(static question => question.Text).Order(StringComparer.Ordinal));
        Assert.Equal(words.Except(held).Order(StringComparer.Ordinal), learned.Of(0).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(words.Except(held).Select(static word => word + ".").Order(StringComparer.Ordinal), learned.Of(1).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(held.Length / 2, asked.Count(static question => question is { Language: 0, IsWord: false }));
    }

    [Fact]
    public void HeldOutWords_LanguageOfFewWords_LearnsAll()
    {
        var counts = WordCounts.Of(["eins", "zwei", "drei"], LabelMatrix.OfClasses(["deu", "glg", "spa"]));

        // One of the three, or more, is held out and leaves its language without a word; else none is.
        Assert.True(HeldOutWords.Learned(counts) is null || !HeldOutWords.Questions(counts).Any());
    }

    // Words of Spanish and Galician look alike, and Galician's margins are a little ahead; those of German and Kabyle are plain.
    private static (LanguagePriors Priors, List<float[]> Questions) Asked(string[]? languages = null)
    {
        var (random, priors, questions) = (new Random(4), new LanguagePriors(languages ?? Languages), new List<float[]>());
        for (var question = 0; question < 4_000; question++)
        {
            var language = question % 4;
            float[] margins = [.. Enumerable.Range(0, 4).Select(_ => (random.NextSingle() * 4) - 6)];
            margins[language] += language is 0 or 2 ? 6 : 20;
            margins[3] -= language == 3 ? 0 : 8;
            margins[language == 0 ? 2 : language == 2 ? 0 : language] += 5;
            margins[2] += 1.5f;
            priors.Ask(margins, language, true);
            questions.Add(margins);
        }

        return (priors, questions);
    }

    // How often each of four is named, where each is asked as often as its share.
    private static double[] Named(List<float[]> questions, float[] offsets, double[]? shares = null)
    {
        var named = new double[4];
        foreach (var (margins, at) in questions.Select(static (margins, at) => (margins, at)))
        {
            double[] powers = [.. margins.Zip(offsets, static (margin, offset) => Math.Exp((margin + offset) / 2))];
            for (var place = 0; place < 4; place++)
            {
                named[place] += powers[place] / powers.Sum() / questions.Count * 4 * (shares?[at % 4] ?? 0.25);
            }
        }

        return named;
    }
}
