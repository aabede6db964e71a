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
}
