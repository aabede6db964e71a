using System.Globalization;
using System.Runtime.Intrinsics;
using System.Text;
using Xunit;

namespace ZeroWorld.ML.Features.Tests;

public sealed class TextFeaturizerTests
{
    private static readonly TextFeaturizer Featurizer = TextFeaturizer.Default;

    [Theory]
    [InlineData("caf\u00e9", "cafe\u0301")]
    [InlineData("HELLO World", "hello world")]
    [InlineData("\uff28\uff25\uff2c\uff2c\uff2f", "hello")]
    [InlineData("\U0001d41a\U0001d41b\U0001d41c", "abc")]
    [InlineData("a  b\t\nc", "a b c")]
    [InlineData("fish &amp; chips", "fish & chips")]
    [InlineData("&#128512;", "\U0001f600")]
    [InlineData("call 07123456789 now", "call 09999999999 now")]
    public void Featurize_TextsOfOneNormalForm_GivesTheSameNgrams(string text, string same)
    {
        Assert.Equal(Ids(Unshaped, text), Ids(Unshaped, same));
    }

    [Theory]
    [InlineData("h4t3", "hate")]
    [InlineData("h\u200ba\u200bt\u200be", "hate")]
    [InlineData("h\u0430t\u0435", "hate")]
    [InlineData("haaaaaate", "hate")]
    [InlineData("h.a.t.e", "hate")]
    [InlineData("h a t e", "hate")]
    [InlineData("ki11", "kill")]
    [InlineData("h\u0301a\u0308te", "hate")]
    [InlineData("I hatethem", "I hate them")]
    [InlineData("ha te th em", "hate them")]
    public void Featurize_HiddenWord_GivesTheSqueezedNgramsOfThePlainOne(string hidden, string plain)
    {
        Assert.Equal(Ids(SqueezedOnly, plain), Ids(SqueezedOnly, hidden));
        Assert.NotEqual(Ids(Unshaped, plain), Ids(Unshaped, hidden));
    }

    [Theory]
    [InlineData("hate", "htae")]
    [InlineData("worthless", "wrothless")]
    [InlineData("\u043d\u0435\u043d\u0430\u0432\u0438\u0436\u0443", "\u043d\u0435\u043d\u0430\u0438\u0432\u0436\u0443")]
    [InlineData("\u03ba\u03b1\u03ba\u03cc\u03c2", "\u03ba\u03b1\u03cc\u03ba\u03c2")]
    [InlineData("\u0628\u063a\u064a\u0636", "\u0628\u064a\u063a\u0636")]
    [InlineData("l\u00e4sterlich", "l\u00e4strelich")]
    public void Featurize_WordWithTwoLettersSwapped_HasTheSameLetters(string plain, string swapped)
    {
        var letters = new TextFeaturizer(new TextFeaturizerSettings { WordWeight = 0, CharacterWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0, LettersWeight = 1 });

        Assert.Equal(Ids(letters, plain), Ids(letters, swapped));
        Assert.Single(Ids(letters, plain));
        Assert.NotEqual(Ids(letters, plain), Ids(letters, plain + "x"));
    }

    [Theory]
    [InlineData("worthless", "wothless")]
    [InlineData("worthless", "wo*thless")]
    [InlineData("hate", "hte")]
    [InlineData("\u0637\u0641\u064a\u0644\u064a\u0648\u0646", "\u0637\u0641\u064a\u0644\u064a\u0646")]
    [InlineData("l\u00e4sterlich", "l\u00e4sterlih")]
    public void Featurize_WordWithALetterMissing_MeetsTheWholeOne(string plain, string missing)
    {
        var only = new TextFeaturizerSettings { WordWeight = 0, CharacterWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0 };
        var (letters, near) = (new TextFeaturizer(only with { LettersWeight = 1, NearWeight = 1 }), new TextFeaturizer(only with { NearWeight = 1 }));
        var whole = new TextFeaturizer(only with { LettersWeight = 1 });

        Assert.NotEmpty(Ids(letters, missing).Intersect(Ids(near, plain)));
        Assert.Empty(Ids(whole, missing).Intersect(Ids(whole, plain)));
        Assert.Empty(Ids(letters, "garden").Intersect(Ids(near, plain)));
    }

    [Theory]
    [InlineData(14, 1f, 0f)]
    [InlineData(20, 0f, 0.25f)]
    public void Parse_CanonicalText_GivesTheSettings(int bits, float letters, float shape)
    {
        var settings = new TextFeaturizerSettings { Bits = bits, LettersWeight = letters, NearWeight = letters / 2, ShapeWeight = shape };

        Assert.Equal(settings, TextFeaturizerSettings.Parse(settings.Canonical));
        Assert.Equal(settings, TextTransform.FindSettings($"text_weights(concat(title, '. '), '{settings.Canonical}')"));
        Assert.Equal(new TextFeaturizerSettings { Bits = bits }, TextTransform.FindSettings($"text_ids(text, {bits})"));
        Assert.Equal(new TextFeaturizerSettings(), TextTransform.FindSettings("text_ids(concat(text, 'x'))"));
        Assert.Null(TextTransform.FindSettings("length(text)"));
    }

    [Theory]
    [InlineData("text_ngrams@2(bits=14)", "expected text_ngrams@1(")]
    [InlineData("text_ngrams@1(bits)", "'bits' has no number")]
    [InlineData("text_ngrams@1(bits=14.5)", "14.5 is no whole number")]
    [InlineData("text_ngrams@1(size=14)", "there is no setting 'size'")]
    [InlineData("text_ngrams@1(letters_weight=NaN)", "out of range")]
    public void Parse_OtherText_SaysWhatIsWrong(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FeatureException>(() => TextFeaturizerSettings.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Fingerprint_WithoutLetters_IsThatOfModelsFromBeforeThem()
    {
        Assert.DoesNotContain("letters", new TextFeaturizerSettings().Canonical);
        Assert.DoesNotContain("near", new TextFeaturizerSettings { LettersWeight = 1 }.Canonical);
        Assert.EndsWith(",letters_weight=1)", new TextFeaturizerSettings { LettersWeight = 1 }.Canonical);
    }

    [Theory]
    [InlineData("12 345 6789")]
    [InlineData("http://example.com/1?a=b")]
    [InlineData("")]
    [InlineData("?!... ---")]
    public void Featurize_TextWithoutLetters_HasNothingSqueezed(string text)
    {
        Assert.Empty(Ids(SqueezedOnly, text));
    }

    [Fact]
    public void Featurize_UnpairedSurrogatesAndInvalidUtf8_ReadsReplacementCharacters()
    {
        var workspace = new TextWorkspace();

        Assert.Equal(Ids(Featurizer, "a\ufffdb"), Ids(Featurizer, "a\ud83db"));
        Featurizer.Featurize([(byte)'a', 0xFF, (byte)'b'], workspace);
        Assert.Equal(Ids(Featurizer, "a\ufffdb"), workspace.Ids.ToArray());
    }

    [Fact]
    public void Featurize_HostileTexts_StayBelowTheBound()
    {
        var workspace = new TextWorkspace();
        var marks = "a" + new string('\u0301', 5_000_000);
        foreach (var text in (string[])[new string('a', 10_000_000), marks, new string('\ud83d', 1_000_000), string.Concat(Enumerable.Repeat("\ufdfa", 100_000)), new string(' ', 10_000_000)])
        {
            Featurizer.Featurize(text, workspace);

            Assert.True(workspace.IsTruncated);
            Assert.InRange(workspace.Ids.Length, 1, 200);
            Assert.All(workspace.Values.ToArray(), static value => Assert.InRange(value, float.Epsilon, 16));
        }
    }

    [Fact]
    public void Featurize_LongText_ReadsItsBeginningAndItsEnd()
    {
        var settings = new TextFeaturizerSettings { LengthMax = 64, ShapeWeight = 0, WordMax = 1, CharacterWeight = 0, SqueezedWeight = 0, FoldedWeight = 0 };
        var featurizer = new TextFeaturizer(settings);

        var ids = Ids(featurizer, "first " + new string('x', 1_000) + " last");

        Assert.Contains(Ids(featurizer, "first")[0], ids);
        Assert.Contains(Ids(featurizer, "last")[0], ids);
    }

    [Fact]
    public void Featurize_OnceWarm_AllocatesNothing()
    {
        var workspace = new TextWorkspace();
        const string Text = "You w0n't believe what h\u00e4ppened: https://example.com/x @somebody \U0001f600 cafe\u0301 \u4f60\u597d 12345";
        Featurizer.Featurize(Text, workspace);
        Featurizer.Featurize(Text, workspace);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            Featurizer.Featurize(Text, workspace);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Featurize_EachChannel_HasItsLength()
    {
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { WordWeight = 3, CharacterWeight = 0, SqueezedWeight = 0, FoldedWeight = 0, ShapeWeight = 0 });
        var workspace = new TextWorkspace();

        featurizer.Featurize("the cat and the dog and the bird", workspace);

        Assert.Equal(3, Math.Sqrt(workspace.Values.ToArray().Sum(static value => value * value)), 1e-5);
        Assert.Equal(workspace.Ids.Length, workspace.Ids.ToArray().Distinct().Count());
    }

    [Fact]
    public void Featurize_CountedCharacters_HaveTheirCountsAsValues()
    {
        var settings = new TextFeaturizerSettings
        {
            Bits = 22, CharacterMin = 1, CharacterMax = 1, WordWeight = 0, SqueezedWeight = 0, FoldedWeight = 0, ShapeWeight = 0, AreCharactersCounted = true,
        };
        var workspace = new TextWorkspace();

        new TextFeaturizer(settings).Featurize("abba cab" + new string('c', 99), workspace);

        Assert.Equal([3f, 3f, 100f], workspace.Values.ToArray());
        Assert.EndsWith(",character_counts=1)", settings.Canonical, StringComparison.Ordinal);
        Assert.Equal(settings, TextFeaturizerSettings.Parse(settings.Canonical));
        Assert.DoesNotContain("character_counts", new TextFeaturizerSettings().Canonical, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_Feature_LiesWhereItWasSeen()
    {
        const string Text = "An H A T E ful w0rd";
        var workspace = new TextWorkspace();
        var squeezed = new TextFeaturizer(SqueezedOnly.Settings with { SqueezedMin = 4, SqueezedMax = 4 });
        var hate = Ids(squeezed, "hate")[0];

        var trace = squeezed.Trace(Text, workspace).ToArray();

        var seen = Assert.Single(trace, feature => feature.Id == hate);
        Assert.Equal("H A T E", Text[seen.Start..seen.End]);
    }

    [Theory]
    [InlineData("the cat and the dog and the bird, the end", false)]
    [InlineData("aaaa bbbb aaaa", true)]
    public void Trace_Weights_AddUpToTheFeatures(string text, bool areCounted)
    {
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { AreCharactersCounted = areCounted, WordWeight = areCounted ? 0 : 1, FoldedWeight = 0, SqueezedWeight = 0, LettersWeight = areCounted ? 1 : 0, NearWeight = areCounted ? 0 : 1 });
        var workspace = new TextWorkspace();

        var sums = featurizer.Trace(text, workspace).ToArray().GroupBy(static feature => feature.Id).ToDictionary(static group => group.Key, static group => group.Sum(static feature => feature.Weight));

        Assert.Equal(workspace.Ids.Length, sums.Count);
        for (var place = 0; place < workspace.Ids.Length; place++)
        {
            Assert.Equal(workspace.Values[place], sums[workspace.Ids[place]], 1e-5f);
        }
    }

    [Fact]
    public void AddOnes_AnySumAndCount_RoundsAsOneByOne()
    {
        var random = new Random(11);
        for (var round = 0; round < 2_000; round++)
        {
            var (sum, count) = (random.Next(4) == 0 ? 0 : (float)(random.NextDouble() * Math.Pow(2, random.Next(1, 24))), random.Next(3_000));
            var expected = sum;
            for (var step = 0; step < count; step++)
            {
                expected += 1;
            }

            Assert.Equal(expected, TextWorkspace.AddOnes(sum, count));
        }
    }

    [Theory]
    [InlineData(8, 40)]
    [InlineData(8, 3_000)]
    [InlineData(20, 500)]
    [InlineData(24, 5)]
    public void Distinct_IdsWithRepeats_GivesEachOnceWithItsCount(int bits, int most)
    {
        var random = new Random(bits + most);
        var counter = new FeatureCounter();
        for (var round = 0; round < 20; round++)
        {
            var ids = Enumerable.Range(0, random.Next(most)).Select(_ => (uint)random.Next(1 << Math.Min(bits, random.Next(2, 25)))).ToArray();
            var padded = ids.Concat(Enumerable.Repeat(7U, Vector256<int>.Count)).ToArray();
            var distinct = new int[ids.Length + Vector256<int>.Count];

            var count = counter.Distinct(padded.AsSpan(0, ids.Length), distinct, bits);

            var expected = ids.GroupBy(static id => id).ToArray();
            Assert.Equal(expected.Select(static group => (int)group.Key), distinct[..count]);
            Assert.Equal(expected.Select(static group => group.Count()), distinct[..count].Select((id, place) => counter.CountOf((uint)id, place)));
            Assert.Equal(Enumerable.Range(0, count).Where(place => expected[place].Count() > 1), counter.Places.ToArray());
        }
    }

    [Theory]
    [InlineData(' ')]
    [InlineData('!')]
    [InlineData('A')]
    public void Featurize_LongPlainText_CountsEachCharacter(char character)
    {
        // Longer than what is tallied at once: the shape has the whole number.
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { LengthMax = 1 << 20, WordWeight = 0, CharacterWeight = 0, SqueezedWeight = 0, FoldedWeight = 0 });
        var text = string.Concat(Enumerable.Repeat($"{character}b", 100_000));

        Assert.Equal(Ids(featurizer, text), Ids(featurizer, string.Concat(Enumerable.Repeat($"{character}\u0436", 100_000))));
    }

    [Theory]
    [InlineData("see http://a.b/c now", "see https://x.y/z now")]
    [InlineData("see www.a.b now", "see http://x now")]
    [InlineData("hi @somebody, what", "hi @another1 what")]
    [InlineData("w h @ who he @me", "w  h\t@\nwho he   @me")]
    public void Featurize_LinksAndMentionsAmongPlainWords_AreOneCodePointEach(string text, string same)
    {
        Assert.Equal(Ids(Unshaped, text), Ids(Unshaped, same));
        Assert.NotEqual(Ids(Unshaped, text), Ids(Unshaped, text.Replace("http", "htt", StringComparison.Ordinal).Replace("www.", "ww.", StringComparison.Ordinal).Replace("@", "#", StringComparison.Ordinal)));
    }

    // What version 1 gives is pinned by packages: this digest never changes; a new version gets a test of its own.
    [Fact]
    public void Featurize_GoldenTexts_GivesWhatVersionOneGives()
    {
        var digest = new StringBuilder();
        var workspace = new TextWorkspace();
        foreach (var text in (string[])["Hello, World! 123", "h4te \u0433\u0440\u0443\u0441\u0442\u044c", "\u0939\u093f\u0928\u094d\u0926\u0940 \u4f60\u597d\u4e16\u754c", "\u0645\u0631\u062d\u0628\u0627", "", "@x $$$ it's"])
        {
            Featurizer.Featurize(text, workspace);
            digest.Append(string.Join(',', workspace.Ids.ToArray())).Append('|').AppendJoin(',', workspace.Values.ToArray().Select(static value => value.ToString("F4", CultureInfo.InvariantCulture))).Append('\n');
        }

        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(digest.ToString())));

        Assert.Equal("8668063df0afde07bfe7d8d3b5e53fd9", hash[..32]);
    }

    [Fact]
    public void StepAll_Vectorised_GivesWhatTheScalarTwinGives()
    {
        var random = new Random(7);
        for (var length = 0; length < 70; length++)
        {
            var codes = Enumerable.Range(0, length).Select(_ => (uint)random.Next()).ToArray();
            var states = Enumerable.Range(0, length).Select(_ => (uint)random.Next()).ToArray();
            var twin = states.ToArray();
            var (ids, twinIds) = (new uint[length], new uint[length]);

            NgramHashes.StepAll(states, codes, ids, 20);
            NgramHashes.StepAllScalar(twin, codes, twinIds, 20);

            Assert.Equal(twin, states);
            Assert.Equal(twinIds, ids);
        }
    }

    [Fact]
    public void Validate_SettingOutOfRange_NamesIt()
    {
        var error = Assert.Throws<FeatureException>(static () => new TextFeaturizer(new TextFeaturizerSettings { CharacterMin = 6 }));

        Assert.Equal(FeatureError.InvalidInput, error.Error);
        Assert.Contains("character_min: 6", error.Message);
    }

    private static TextFeaturizer Unshaped { get; } = new(new TextFeaturizerSettings { ShapeWeight = 0 });

    private static TextFeaturizer SqueezedOnly { get; } = new(new TextFeaturizerSettings { WordWeight = 0, CharacterWeight = 0, FoldedWeight = 0, ShapeWeight = 0 });

    private static int[] Ids(TextFeaturizer featurizer, string text)
    {
        var workspace = new TextWorkspace();
        featurizer.Featurize(text, workspace);
        return workspace.Ids.ToArray();
    }
}
