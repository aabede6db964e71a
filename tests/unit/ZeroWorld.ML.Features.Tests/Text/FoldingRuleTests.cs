using System.Text;
using Xunit;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>Rule 2 of folding: what it undoes that rule 1 leaves, and where both are one.</summary>
public sealed class FoldingRuleTests
{
    private static readonly TextFeaturizerSettings Nothing = new() { WordWeight = 0, CharacterWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0, Folding = 2 };

    [Theory]
    [InlineData("\u0930\u093e\u0915\u094d\u0937\u0938", "2\u093e\u0915\u094d\u0937\u0938")]
    [InlineData("\u0930\u093e\u0915\u094d\u0937\u0938", "\u0968\u093e\u0915\u094d\u0937\u0938")]
    [InlineData("\u0917\u0927\u093e", "9\u0927\u093e")]
    [InlineData("\u0639\u0628\u062d", "3\u06287")]
    [InlineData("\u0639\u0628\u062d", "\u0663\u0628\u0667")]
    [InlineData("\u0639\u0628\u062d", "\u06f3\u0628\u06f7")]
    [InlineData("\u0623\u0628\u062f", "2\u0628\u062f")]
    [InlineData("\u0915\u0940\u0921\u093c\u0947", "\u0915\u0940 \u0921\u093c\u0947")]
    [InlineData("\u0930\u093e\u0915\u094d\u0937\u0938\u0940", "\u0930\u093e \u0915\u094d\u0937 \u0938\u0940")]
    [InlineData("\u0995\u09c1\u0995\u09c1\u09b0", "\u0995\u09c1 \u0995\u09c1 \u09b0")]
    [InlineData("worthless k\u00f6nnen", "w o r t h l e s s k\u00f6nnen")]
    [InlineData("\u0915\u0915\u093e", "\u0915 \u0915\u093e")]
    [InlineData("\u5783\u573e\u4eba", "\u5783 \u573e.\u4eba")]
    [InlineData("\u4f60\u662fab\u4eba", "\u4f60 \u662f ab \u4eba")]
    public void Featurize_HiddenWord_HasTheFoldedWordsOfThePlainOne(string plain, string hidden)
    {
        var (two, one) = (Nothing with { FoldedWeight = 1 }, Nothing with { FoldedWeight = 1, Folding = 1 });

        Assert.Equal(Ids(two, plain), Ids(two, hidden));
        Assert.NotEmpty(Ids(two, plain));
        Assert.NotEqual(Ids(one, plain), Ids(one, hidden));
    }

    [Theory]
    [InlineData("\u0915\u093e \u0915\u0930")]
    [InlineData("\u0915\u0930 \u092e\u0924")]
    [InlineData("\u4eba a \u4eba")]
    [InlineData("3ab\u0628")]
    [InlineData("\u06f1\u06f3")]
    public void Featurize_TextsWithoutDisguise_KeepTheirFoldedWords(string text)
    {
        var (two, one) = (Nothing with { FoldedWeight = 1, WordMax = 1 }, Nothing with { FoldedWeight = 1, WordMax = 1, Folding = 1 });

        Assert.Equal(text.Contains('\u4eba', StringComparison.Ordinal) ? Ids(two, "\u4eba").Concat(Ids(two, "a")) : Ids(one, text), Ids(two, text));
    }

    [Theory]
    [InlineData("\u5783\u573e", "\u573e\u5783", true)]
    [InlineData("\u5783\u573e", "\u5783*\u573e", true)]
    [InlineData("\u5bc4\u751f\u866b", "\u5bc4\u866b", false)]
    [InlineData("\u5bc4\u751f\u866b", "\u5bc4*\u866b", false)]
    [InlineData("\u5bc4\u751f\u866b", "\u751f\u5bc4\u866b", false)]
    public void Featurize_IdeographsSwappedOrMissing_MeetThePlainOnes(string plain, string hidden, bool areSame)
    {
        var (letters, both) = (Nothing with { LettersWeight = 1 }, Nothing with { LettersWeight = 1, NearWeight = 1 });

        Assert.Equal(areSame, Ids(letters, plain).SequenceEqual(Ids(letters, hidden)));
        Assert.NotEmpty(Ids(both, plain).Intersect(Ids(letters, hidden)));
        Assert.Empty(Ids(both, "\u670b\u53cb\u4eec").Intersect(Ids(letters, hidden)));
        Assert.Empty(Ids(letters with { Folding = 1 }, plain));
    }

    [Fact]
    public void Featurize_OtherScripts_GiveTheSameByBothRules()
    {
        var all = new TextFeaturizerSettings { LettersWeight = 1.5f, NearWeight = 1, SqueezedWeight = 2, ScriptWeight = 1 };
        var random = new Random(3);
        string[] words = ["w0rthless", "h a t e", "\u0433\u0440\u0443\u0441\u0442\u044c", "\u03ba\u03b1\u03ba\u03cc\u03c2", "l\u00e4sterlich", "a", "i", "\u0434", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\U0001f600", "&amp;", "http://x.y", "\u0e20\u0e32\u0e29\u0e32", "2\u043d3"];
        for (var round = 0; round < 500; round++)
        {
            // No letter twice in a row of single ones, and no digit beside an Arabic letter.
            random.Shuffle(words);
            var text = string.Join(" ", words.Take(random.Next(1, words.Length)));

            Assert.Equal(Features(all, text), Features(all with { Folding = 2 }, text));
        }
    }

    [Fact]
    public void Canonical_RuleOne_IsThatOfModelsFromBeforeRuleTwo()
    {
        var two = new TextFeaturizerSettings { Folding = 2 };

        Assert.DoesNotContain("folding", new TextFeaturizerSettings().Canonical, StringComparison.Ordinal);
        Assert.EndsWith(",folding=2)", two.Canonical, StringComparison.Ordinal);
        Assert.Equal(two, TextFeaturizerSettings.Parse(two.Canonical));
        Assert.Equal(new TextFeaturizerSettings(), TextFeaturizerSettings.Parse("text_ngrams@1(folding=1)"));
        Assert.Contains("folding: 3 is out of range; expected 1 to 2", Assert.Throws<FeatureException>(static () => TextFeaturizerSettings.Parse("text_ngrams@1(folding=3)")).Message, StringComparison.Ordinal);
    }

    // What a rule gives is pinned by packages: these digests never change; another outcome is a rule of its own.
    [Theory]
    [InlineData(1, "10e504fc14af2efb550f835d23e10dcd")]
    [InlineData(2, "a1e67333012bff5017b22797a316d585")]
    public void Featurize_GoldenTexts_GivesWhatTheRuleGives(int rule, string expected)
    {
        var digest = new StringBuilder();
        var settings = new TextFeaturizerSettings { LettersWeight = 1.5f, NearWeight = 1, SqueezedWeight = 2, Folding = rule };
        foreach (var text in (string[])["9\u0927\u093e \u0915\u0940 \u0921\u093c\u0947 \u0915\u0930", "\u0623\u0628\u062d 3\u06287", "\u4f60\u597d a \u4e16.\u754c b c", "h a t e \u4eba h", "\u0967\u0968 \u0915\u0968", "w\u043erthless 4 u"])
        {
            digest.AppendJoin(';', Features(settings, text).Select(static feature => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{feature.Id}:{feature.Value:F4}"))).Append('\n');
        }

        Assert.Equal(expected, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(digest.ToString())))[..32]);
    }

    private static int[] Ids(TextFeaturizerSettings settings, string text) => [.. Features(settings, text).Select(static feature => feature.Id)];

    private static (int Id, float Value)[] Features(TextFeaturizerSettings settings, string text)
    {
        var workspace = new TextWorkspace();
        new TextFeaturizer(settings).Featurize(text, workspace);
        return [.. workspace.Ids.ToArray().Zip(workspace.Values.ToArray())];
    }
}
