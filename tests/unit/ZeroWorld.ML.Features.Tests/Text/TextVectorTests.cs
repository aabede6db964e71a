using Xunit;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>What is taken many code points at once gives what one after the other gives.</summary>
public sealed class TextVectorTests
{
    // Whatever begins, ends or looks like a link, a mention or a word.
    private const string Plain = "    \t\n\0aAzZhHtTwW@@.:/_'\"!059[`{\u007f";
    private static readonly string[] Pieces = ["http://a", " HTTPS://b", "www.", " WwW.", " @some_one", "@abc ", " @abcd", " h", " w", "ht", "'s ", " it's", "hello", " you"];

    [Fact]
    public void Normalize_AsciiTexts_GivesWhatTheDefinitionGives()
    {
        var random = new Random(3);
        var workspace = new TextWorkspace();
        for (var round = 0; round < 20_000; round++)
        {
            var text = Made(random, Plain);

            workspace.Begin(isTraced: false);
            TextNormalizer.Normalize(text, workspace, 16_384);

            var (codes, origins, shape) = Expected(text);
            Assert.Equal(codes, workspace.Normal.Codes.ToArray());
            Assert.Equal(origins, workspace.Normal.Origins.ToArray());
            Assert.Equal(shape, workspace.Shape);
        }
    }

    // Letters of many scripts, what becomes a sign of a link, several code points or none, marks that are composed and that are not, spaces, halves of pairs.
    private const string Others = "\u00e9\u00c9\u00df\u0141\u0436\u0416\u0130\u4f60\u597d\u3002\uff0c\uff48\uff34\uff20\uff37\ufb01\u2126\u0939\u093f\u094d\u093c\u0928\u0633\u0651\u064e\u0654\u0301\u0301\u0308\u00a0\u3000\u2003\u200b\u00ad\u2019\u2168\ud800\udc00\ue000\uac00";

    [Fact]
    public void Normalize_OtherSigns_GivesWhatTheDefinitionGives()
    {
        var random = new Random(8);
        var workspace = new TextWorkspace();
        for (var round = 0; round < 20_000; round++)
        {
            var text = Made(random, round % 2 == 0 ? Others : Others + Plain);

            workspace.Begin(isTraced: false);
            TextNormalizer.Normalize(text, workspace, 16_384);

            var (codes, origins, shape) = ExpectedOfAny(text);
            Assert.Equal(codes, workspace.Normal.Codes.ToArray());
            Assert.Equal(origins, workspace.Normal.Origins.ToArray());
            Assert.Equal(shape, workspace.Shape);
        }
    }

    [Fact]
    public void Normalize_AsciiAmongOtherSigns_GivesWhatItGivesApart()
    {
        var random = new Random(4);
        var (whole, parts) = (new TextWorkspace(), new TextWorkspace());
        for (var round = 0; round < 5_000; round++)
        {
            // A chunk that begins with another sign is neither a link nor a mention, whatever follows.
            string[] texts = [Made(random, Plain), "\u4f60" + Made(random, "abhtw@./ "), Made(random, Plain)];
            whole.Begin(isTraced: false);
            TextNormalizer.Normalize(string.Join(' ', texts), whole, 16_384);

            var apart = new List<uint> { ' ' };
            foreach (var text in texts)
            {
                parts.Begin(isTraced: false);
                TextNormalizer.Normalize(text, parts, 16_384);
                apart.AddRange(parts.Normal.Codes[1..]);
            }

            Assert.Equal(apart, whole.Normal.Codes.ToArray());
        }
    }

    [Fact]
    public void WordMasks_AnyNormalForm_LieWhereWordsDo()
    {
        var random = new Random(5);
        var workspace = new TextWorkspace();
        for (var round = 0; round < 3_000; round++)
        {
            workspace.Begin(isTraced: false);
            TextNormalizer.Normalize(Made(random, round % 2 == 0 ? Plain : Plain + "\u00e9\u0436\u4f60\u2019\u2019\u0939\u093f\u20ac\u00ff\u0100'"), workspace, 16_384);
            var count = workspace.Normal.Count;
            var codes = workspace.Normal.Padded(0, count + CodeBuffer.Padding);
            ReadOnlySpan<uint> own = workspace.Normal.Codes;
            for (var first = 0; first < count; first += WordMasks.Width)
            {
                var (inside, starts) = WordMasks.Of(codes, count, first);
                for (var place = first; place < first + WordMasks.Width; place++)
                {
                    var isInside = place < count && WordNgrams.IsInWord(own, place, UnicodeFolding.Default);
                    var isStart = place < count && own[place] != TextNormalizer.Space && !(isInside && place > 0 && WordNgrams.IsInWord(own, place - 1, UnicodeFolding.Default));
                    Assert.Equal((isInside, isStart), ((inside >> (place - first) & 1) == 1, (starts >> (place - first) & 1) == 1));
                }
            }
        }
    }

    [Fact]
    public void Over_WordsOfAnyLength_GivesWhatStepsGive()
    {
        var random = new Random(6);
        for (var count = 0; count < 80; count++)
        {
            uint[] codes = [.. Enumerable.Range(0, count + CodeBuffer.Padding).Select(_ => (uint)random.Next())];
            var state = (uint)random.Next();

            Assert.Equal(codes.Take(count).Aggregate(state, NgramHashes.Step), NgramHashes.Over(state, codes, count));
        }
    }

    [Fact]
    public void Begin_AnyPlaces_GivesWhatStepsGive()
    {
        var random = new Random(7);
        for (var places = 1; places <= WordMasks.Width; places++)
        {
            uint[] codes = [.. Enumerable.Range(0, places + CodeBuffer.Padding).Select(_ => (uint)random.Next())];
            var (state, states) = ((uint)random.Next(), new uint[NgramHashes.BegunRoom(places)]);

            NgramHashes.Begin(state, codes, states, places);

            for (var place = 0; place < places; place++)
            {
                for (var length = 1; length <= NgramHashes.AtOnce; length++)
                {
                    Assert.Equal(codes.Skip(place).Take(length).Aggregate(state, NgramHashes.Step), states[NgramHashes.BegunAt(place, length)]);
                }
            }
        }
    }

    [Fact]
    public void IdAll_WordsAlone_GivesWhatStepAndIdGive()
    {
        var random = new Random(9);
        uint[] hashes = [.. Enumerable.Range(0, 4 * System.Numerics.Vector<uint>.Count).Select(_ => (uint)random.Next())];
        uint[] expected = [.. hashes.Select(static hash => NgramHashes.Id(NgramHashes.Step(77, hash), 20))];

        NgramHashes.IdAll(77, hashes, 20);

        Assert.Equal(expected, hashes);
    }

    // A long word, ideographs, apostrophes across masks: the words' ids as the channel with places to say has them.
    [Fact]
    public void Featurize_WordsAlone_GivesTheIdsThatTraceGives()
    {
        var random = new Random(10);
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { WordMax = 1, CharacterWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0 });
        var (plain, traced) = (new TextWorkspace(), new TextWorkspace());
        for (var round = 0; round < 2_000; round++)
        {
            var text = Made(random, "aé\u4f60\u0436\u0939\u093f\u2019' ") + new string('q', random.Next(90)) + " " + Made(random, Plain);

            featurizer.Featurize(text, plain);
            featurizer.Trace(text, traced);

            Assert.Equal(traced.Ids.ToArray(), plain.Ids.ToArray());
            Assert.Equal(traced.Values.ToArray(), plain.Values.ToArray());
        }
    }

    // Of four marks that are composed with nothing the first three stay, wherever a vector ends.
    [Theory]
    [InlineData("\u064b", 3)]
    [InlineData("\u0483", 3)]
    public void Normalize_MarksInARow_ThreeStay(string mark, int kept)
    {
        var workspace = new TextWorkspace();
        for (var before = 0; before < 20; before++)
        {
            for (var marks = 1; marks < 40; marks++)
            {
                workspace.Begin(isTraced: false);
                TextNormalizer.Normalize(new string('\u4f60', before) + "\u0436" + string.Concat(Enumerable.Repeat(mark, marks)) + "\u0436", workspace, 16_384);

                var expected = new string('\u4f60', before) + "\u0436" + string.Concat(Enumerable.Repeat(mark, Math.Min(kept, marks))) + "\u0436";
                Assert.Equal($" {expected} ", string.Concat(workspace.Normal.Codes.ToArray().Select(static code => (char)code)));
                Assert.Equal(Math.Max(0, marks - kept), workspace.Shape.DroppedMarks);
            }
        }
    }

    private static string Made(Random random, string signs)
    {
        var text = new System.Text.StringBuilder();
        for (var parts = random.Next(60); parts > 0; parts--)
        {
            text.Append(random.Next(4) switch { 0 => Pieces[random.Next(Pieces.Length)], 1 => new string('x', random.Next(12)), _ => signs[random.Next(signs.Length)].ToString() });
        }

        return text.ToString();
    }

    // The normal form of a text of ASCII without '&', chunk by chunk.
    private static (List<uint> Codes, List<int> Origins, TextShape Shape) Expected(string text)
    {
        var (codes, origins) = (new List<uint> { ' ' }, new List<int> { 0 });
        var shape = new TextShape
        {
            Units = text.Length, Letters = text.Count(char.IsAsciiLetter), Capitals = text.Count(char.IsAsciiLetterUpper), Digits = text.Count(char.IsAsciiDigit), Exclamations = text.Count(static code => code == '!'),
        };
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = start + 1;
            if (text[start] <= ' ')
            {
                continue;
            }

            while (end < text.Length && text[end] > ' ')
            {
                end++;
            }

            var chunk = text[start..end].ToLowerInvariant();
            if (chunk.StartsWith("http://", StringComparison.Ordinal) || chunk.StartsWith("https://", StringComparison.Ordinal) || chunk.StartsWith("www.", StringComparison.Ordinal))
            {
                shape.Links++;
                codes.Add(TextNormalizer.Link);
                origins.Add(start);
            }
            else if (chunk[0] == '@' && chunk.Length >= 5 && chunk[1..5].All(static code => char.IsAsciiLetterOrDigit(code) || code == '_'))
            {
                shape.Mentions++;
                codes.Add(TextNormalizer.Mention);
                origins.Add(start);
            }
            else
            {
                codes.AddRange(chunk.Select(static code => (uint)code));
                origins.AddRange(Enumerable.Range(start, chunk.Length));
            }

            codes.Add(' ');
            origins.Add(end);
        }

        return (codes, origins, shape);
    }

    // The normal form of any text without '&', rune by rune.
    private static (List<uint> Codes, List<int> Origins, TextShape Shape) ExpectedOfAny(string text)
    {
        var (folding, codes, origins, shape, marks, place) = (UnicodeFolding.Default, new List<uint> { ' ' }, new List<int> { 0 }, new TextShape { Units = text.Length }, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var (code, at) = ((uint)rune.Value, place);
            place += rune.Utf16SequenceLength;
            if (code <= ' ' || TextNormalizer.IsSpace(code))
            {
                marks = 0;
                End(at);
                continue;
            }

            if (folding.IsMark(code))
            {
                if (++marks > TextNormalizer.MarksMax)
                {
                    shape.DroppedMarks++;
                    continue;
                }

                if (folding.TryCompose(codes[^1], code, out var composed))
                {
                    codes[^1] = composed;
                    continue;
                }
            }
            else
            {
                marks = 0;
                shape.Letters += code < 0x80 ? char.IsAsciiLetter((char)code) ? 1 : 0 : folding.IsWord(code) ? 1 : 0;
                shape.Invisible += code >= 0x80 && folding.IsInvisible(code) ? 1 : 0;
                shape.Capitals += code is >= 'A' and <= 'Z' ? 1 : 0;
                shape.Digits += code is >= '0' and <= '9' ? 1 : 0;
                shape.Exclamations += code == '!' ? 1 : 0;
            }

            uint[] folded = code is >= 'A' and <= 'Z' ? [code + 32] : code >= 0x80 && folding.TryNormalize(code, out var sequence) ? sequence.ToArray() : [code];
            codes.AddRange(folded);
            origins.AddRange(folded.Select(_ => at));
        }

        End(text.Length);
        return (codes, origins, shape);

        void End(int at)
        {
            if (codes[^1] == ' ')
            {
                return;
            }

            var start = codes.LastIndexOf(' ') + 1;
            var chunk = string.Concat(codes.Skip(start).Select(static code => char.ConvertFromUtf32((int)code)));
            var isLink = chunk.StartsWith("http://", StringComparison.Ordinal) || chunk.StartsWith("https://", StringComparison.Ordinal) || chunk.StartsWith("www.", StringComparison.Ordinal);
            if (isLink || (chunk[0] == '@' && chunk.Length >= 5 && chunk[1..5].All(static code => char.IsAsciiLetterOrDigit(code) || code == '_')))
            {
                shape.Links += isLink ? 1 : 0;
                shape.Mentions += isLink ? 0 : 1;
                codes.RemoveRange(start, codes.Count - start);
                origins.RemoveRange(start + 1, origins.Count - start - 1);
                codes.Add(isLink ? TextNormalizer.Link : TextNormalizer.Mention);
            }

            codes.Add(' ');
            origins.Add(at);
        }
    }
}
