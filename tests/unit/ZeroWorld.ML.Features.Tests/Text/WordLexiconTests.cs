using Xunit;

namespace ZeroWorld.ML.Features.Tests;

public sealed class WordLexiconTests
{
    private static readonly TextFeaturizer Featurizer = new(new TextFeaturizerSettings { Folding = 2 });
    private static readonly string[] Texts =
    [
        "I hate all of these women", "we hate you and the worthless men", "you are worthless scum, all of you", "the men and the women are my friends", "scum and vermin are everywhere", "vermin everywhere, I hate it",
        "my friends are not well-known", "a well-known word of mine", "die V\u00f6gel singen", "alle V\u00f6gel fliegen", "yours only once",
    ];

    private static readonly WordLexicon Lexicon = Of(Texts);

    [Theory]
    [InlineData("I hte all women", "I hate all women")]
    [InlineData("you are wortless", "you are worthless")]
    [InlineData("you are w*rthless", "you are worthless")]
    [InlineData("all wmoen, really", "all women, really")]
    [InlineData("Ihateallwomen", "i hate all women")]
    [InlineData("Ihate the men", "i hate the men")]
    [InlineData("Ihateallwomen,theworthlessx42ofyou", "i hate all women, the worthless x42 of you")]
    [InlineData("I h a t e w o m e n ! a l l", "i hate women! all")]
    [InlineData("h a t e a l l w o m e n", "hate all women")]
    [InlineData("I h a t e women", "i hate women")]
    [InlineData("you are s c u m !", "you are scum !")]
    [InlineData("you are s-c.u\u200bm!", "you are scum!")]
    [InlineData("you are w\u0336o\u0336r\u0336t\u0336h\u0336l\u0336e\u0336s\u0336s\u0336 men", "you are worthless men")]
    [InlineData("wom en are friends", "women are friends")]
    [InlineData("the ver min", "the vermin")]
    [InlineData("V\u00f6gl", "v\u00f6gel")]
    [InlineData("the yours", null)]
    [InlineData("worthless women, everywhere", null)]
    [InlineData("WELL-KNOWN men", null)]
    [InlineData("xylophones", null)]
    [InlineData("1hat3000", null)]
    [InlineData("", null)]
    [InlineData("\ud800 ... \U0001F600", null)]
    public void Restore_Text_ReadsHiddenWordsAlone(string text, string? expected)
    {
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);

        Assert.Equal(expected, Lexicon.Restore(text, workspace)?.Text);
    }

    // The last two: folding alone finds the word, and a word of Latin letters has no such digits.
    [Theory]
    [InlineData("мра3ь", "мразь")]
    [InlineData("мр43ь", "мразь")]
    [InlineData("не4исть", "нечисть")]
    [InlineData("хв4тит", null)]
    [InlineData("حث1لة", "حثالة")]
    [InlineData("حث١لة", "حثالة")]
    [InlineData("7ث1لة", "حثالة")]
    [InlineData("мр4зь", null)]
    [InlineData("mpa3b", null)]
    public void Restore_DigitsInOtherScripts_AreReadAsTheLettersThatTheyLookLike(string text, string? expected)
    {
        string[] texts = ["мразь", "ты мразь", "нечисть", "эта нечисть", "حثالة", "هم حثالة"];
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);

        Assert.Equal(expected, Of(texts).Restore(text, workspace)?.Text);
    }

    // "This dog is dirty", "the animals in the house". The last ones: a text of known words with one that looks like an Arabic one, one consonant, other letters, none of the alphabet's digits.
    [Theory]
    [InlineData("haza el kalb 2azer", "\u0647\u0630\u0627 el \u0643\u0644\u0628 \u0642\u0630\u0631")]
    [InlineData("El7ayawanat fel beit!", "\u0627\u0644\u062d\u064a\u0648\u0627\u0646\u0627\u062a fel \u0628\u064a\u062a!")]
    [InlineData("al-7ayawanaat", "\u0627\u0644\u062d\u064a\u0648\u0627\u0646\u0627\u062a")]
    [InlineData("the house is kalb", null)]
    [InlineData("bo2", null)]
    [InlineData("k\u00e4lb", null)]
    [InlineData("kalb1", null)]
    public void Restore_ArabicInLatinLetters_ReadsItsConsonants(string text, string? expected)
    {
        string[] words = ["\u0647\u0630\u0627", "\u0643\u0644\u0628", "\u0642\u0630\u0631", "\u0627\u0644\u062d\u064a\u0648\u0627\u0646\u0627\u062a", "\u0628\u064a\u062a", "\u0628\u0648\u0642", "the house is"];
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);
        var lexicon = Of([.. words, .. words]);

        Assert.Equal(expected, lexicon.Restore(text, workspace)?.Text);
        Assert.True(lexicon.ReadsChat);
        Assert.Null(new WordLexicon(lexicon.Words, lexicon.Rare, readsChat: false).Restore(text, workspace));
        Assert.False(Lexicon.ReadsChat);
    }

    [Fact]
    public void Restore_WordOfMoreTexts_IsReadRather()
    {
        string[] texts = ["the house", "a house", "house", "the horse", "a horse"];
        var workspace = new TextWorkspace();
        Featurizer.Featurize("a hose", workspace);

        Assert.Equal("a house", Of(texts).Restore("a hose", workspace)?.Text);
    }

    [Fact]
    public void Restore_LongText_IsLeft()
    {
        var text = new string(' ', 4) + string.Concat(Enumerable.Repeat("Ihateallwomen ", 2_000));
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);

        Assert.Null(Lexicon.Restore(text, workspace));
        text = text.Remove(10_000);
        Featurizer.Featurize(text, workspace);
        Assert.StartsWith("    i hate all women i hate", Lexicon.Restore(text, workspace)?.Text, StringComparison.Ordinal);
    }

    // A run that no space parts is cut into words in linear time.
    [Fact]
    public void Restore_OneRunOfAllThatIsRead_IsCut()
    {
        var text = string.Concat(Enumerable.Repeat("hatewomen", 1_800));
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);

        Assert.Equal(string.Join(' ', Enumerable.Repeat("hate women", 1_800)), Lexicon.Restore(text, workspace)?.Text);
    }

    [Fact]
    public void Spread_SharesOfTheReadText_FallOnWhatStandsThere()
    {
        const string Text = "oh, Ihate wmoen!";
        var workspace = new TextWorkspace();
        Featurizer.Featurize(Text, workspace);
        var restored = Lexicon.Restore(Text, workspace)!;
        var shares = new double[restored.Text.Length];
        shares.AsSpan(restored.Text.IndexOf("hate", StringComparison.Ordinal), 4).Fill(1);
        shares[^1] = 7;

        var spread = restored.Spread(shares, Text.Length);

        Assert.Equal("oh, i hate women!", restored.Text);
        Assert.Equal(4, spread[4..9].Sum(), 9);
        Assert.Equal(0.8, spread[4], 9);
        Assert.Equal(0, spread[..4].Sum() + spread[9..^1].Sum(), 9);
        Assert.Equal(7, spread[^1]);
    }

    [Fact]
    public void Restore_TextsOfAnyCodeUnits_AreReadWithTheirRestInPlace()
    {
        var random = new Random(3);
        string[] parts = ["hate", "h a t", " e", "\u0301", "\ud800", "\udc00", "\U0001F600", "&amp;", "&#104;", "\u200b", " ", "\u0928\u092e", "\u4eba", "4", "$", "w o m", "\uff48", "\u0447", "-", "\n"];
        var workspace = new TextWorkspace();
        var restored = 0;
        for (var round = 0; round < 3_000; round++)
        {
            var text = "begin: " + string.Concat(random.GetItems(parts, random.Next(1, 30))) + " ;end";
            Featurizer.Featurize(text, workspace);

            if (Lexicon.Restore(text, workspace) is { } read)
            {
                restored++;
                Assert.StartsWith("begin:", read.Text, StringComparison.Ordinal);
                Assert.Equal(read.Text.Length, read.Spread(Enumerable.Repeat(1.0, read.Text.Length).ToArray(), text.Length).Sum(), 6);
            }
        }

        Assert.InRange(restored, 500, 3_000);
    }

    // Rows of three and two signs in the texts: \u81ed\u5a46\u5a18, \u5e9f\u7269, \u4e2d\u56fd. No text has \u56fd\u4e2d.
    [Theory]
    [InlineData("\u4f60\u662f\u7269\u5e9f", "\u4f60\u662f\u5e9f\u7269")]
    [InlineData("\u7269\u5e9f\uff0c\u7269\u5e9f", "\u5e9f\u7269\uff0c\u5e9f\u7269")]
    [InlineData("\u4f60\u662f\u5a46\u81ed\u5a18", "\u4f60\u662f\u81ed\u5a46\u5a18")]
    [InlineData("\u4f60\u662f\u81ed\u5a18", "\u4f60\u662f\u81ed\u5a46\u5a18")]
    [InlineData("\u4f60\u662f\u81ed*\u5a18!", "\u4f60\u662f\u81ed\u5a46\u5a18!")]
    [InlineData("\u4f60\u662f\u81ed\uff0c\u5a18", null)]
    [InlineData("\u7269 \u5e9f", null)]
    [InlineData("\u4f60\u662f\u5e9f\u7269", null)]
    [InlineData("\u6211\u56fd\u4e2d\u592e", null)]
    [InlineData("\u5317\u4eac\u5927\u5b66", null)]
    public void Restore_Ideographs_ReadsRowsThatNoTextHas(string text, string? expected)
    {
        var lexicon = Of(
        [
            "\u4f60\u662f\u5e9f\u7269", "\u4ed6\u4eec\u662f\u5e9f\u7269\u3002", "\u8fd9\u4e2a\u81ed\u5a46\u5a18", "\u4f60\u662f\u81ed\u5a46\u5a18", "\u4e2d\u56fd\u5f88\u5927", "\u6211\u7231\u4e2d\u56fd",
            "\u6211\u56fd\u5f88\u5927", "\u4e2d\u592e\u5f88\u5927",
        ]);
        var workspace = new TextWorkspace();
        Featurizer.Featurize(text, workspace);

        Assert.Equal(expected, lexicon.Restore(text, workspace)?.Text);
    }

    [Fact]
    public void Build_Ideographs_KeepsRowsOfTwoAndThreeOfTwoTexts()
    {
        var lexicon = Of(["\u81ed\u5a46\u5a18", "\u81ed\u5a46\u5a18 x", "\u4e2d\u56fd"]);

        Assert.Equal(["\u5a18", "\u5a46", "\u5a46\u5a18", "\u81ed", "\u81ed\u5a46", "\u81ed\u5a46\u5a18"], lexicon.Words.Select(static word => word.Folded).Order(StringComparer.Ordinal));
        Assert.Equal(4, lexicon.Rare.Count);
    }

    [Fact]
    public void Build_Words_AreThoseOfTwoTextsAndMore()
    {
        var lexicon = Of(["Caf\u00e9 caf\u00e9 open", "cafe open", "caf\u00e9 closed", "half\ud800way", "half\ud800way"]);

        Assert.Equal(["cafe", "haifway", "open"], lexicon.Words.Select(static word => word.Folded).Order(StringComparer.Ordinal));
        Assert.Equal(new LexiconWord("cafe", "caf\u00e9", 3), lexicon.Words[0]);
        Assert.Equal("half\ufffdway", lexicon.Words.Single(static word => word.Folded == "haifway").Plain);
        Assert.Single(lexicon.Rare);
    }

    [Fact]
    public void Build_FeaturesWithoutFoldedChannels_HasNoWords()
    {
        var builder = new WordLexiconBuilder(new TextFeaturizer(new TextFeaturizerSettings { FoldedWeight = 0, SqueezedWeight = 0 }));
        builder.Add("two words");
        builder.Add("two words");

        var lexicon = builder.Build();

        Assert.Empty(lexicon.Words);
        Assert.Empty(lexicon.Rare);
    }

    private static WordLexicon Of(IEnumerable<string> texts)
    {
        var builder = new WordLexiconBuilder(Featurizer);
        foreach (var text in texts)
        {
            builder.Add(text);
        }

        return builder.Build();
    }
}
