using System.Text.Json;
using Google.Protobuf;

namespace ZeroWorld.ML.Features.Tests.Text;

/// <summary>Ids against those that the published algorithms give by hand: greedy longest match (BERT), merges in their order (GPT-2), the most likely segmentation (SentencePiece's unigram).</summary>
public sealed class TextTokenizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("zeroworld-tokens-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Hello, WORLD! unaffable", new[] { 2, 8, 9, 10, 11, 5, 6, 7, 3 })]
    [InlineData("H\u00e9llo \u7684\u7684 zzz", new[] { 2, 8, 12, 12, 1, 3 })]
    [InlineData("he\u0301llo", new[] { 2, 8, 3 })]
    [InlineData("\ud55c", new[] { 2, 13, 14, 15, 3 })]
    [InlineData("", new[] { 2, 3 })]
    [InlineData("[SEP]", new[] { 2, 1, 1, 1, 3 })]
    [InlineData("\ud800 hello", new[] { 2, 8, 3 })]
    public void Encode_WordPiece_IsTheLongestMatch(string text, int[] expected)
    {
        var tokens = WordPiece().Encode(text);

        Assert.Equal(expected, tokens.Ids);
        Assert.Equal((expected.Length, false), (tokens.PairStart, tokens.IsTruncated));
    }

    [Fact]
    public void Encode_Pair_TakesTurnsInGivingWay()
    {
        var tokenizer = WordPiece(lengthMax: 8);

        var whole = tokenizer.Encode("hello", "world !");
        var cut = tokenizer.Encode("hello hello hello hello hello", "world !");
        var both = tokenizer.Encode("hello hello hello hello hello", "world world world world");

        Assert.Equal([2, 8, 3, 10, 11, 3], whole.Ids);
        Assert.Equal([2, 8, 8, 8, 3, 10, 11, 3], cut.Ids);
        Assert.Equal([2, 8, 8, 8, 3, 10, 10, 3], both.Ids);
        Assert.Equal([(3, false), (5, true), (5, true)], ((TextTokens[])[whole, cut, both]).Select(static tokens => (tokens.PairStart, tokens.IsTruncated)));
    }

    [Theory]
    [InlineData("hello world!", new[] { 0, 16, 17, 9, 6, 10, 18, 2 })]
    [InlineData("h\u00e9llo", new[] { 0, 4, 19, 20, 14, 7, 2 })]
    public void Encode_Bpe_JoinsInTheOrderOfTheMerges(string text, int[] expected)
    {
        string[] pieces = ["<s>", "<pad>", "</s>", "<unk>", "h", "e", "l", "o", "w", "r", "d", "\u0120", "\u0120w", "he", "ll", "hell", "hello", "\u0120wo", "!", "\u00c3", "\u00a9"];
        File.WriteAllText(PathOf("vocab.json"), JsonSerializer.Serialize(pieces.Index().ToDictionary(static piece => piece.Item, static piece => piece.Index)));
        File.WriteAllText(PathOf("merges.txt"), "#version: 0.2\nh e\nl l\nhe ll\nhell o\n\u0120 w\n\u0120w o\n");
        var tokenizer = Open(new TextTokenizerSettings { Kind = TextTokenizerKind.Bpe, Vocabulary = "vocab.json", Merges = "merges.txt", Begin = 0, Separator = 2, Padding = 1, PairSeparators = 2 });

        Assert.Equal(expected, tokenizer.Encode(text).Ids);
        Assert.Equal([0, 16, 2, 2, 16, 2], tokenizer.Encode("hello", "hello").Ids);
    }

    [Theory]
    [InlineData("hello world", new[] { 3, 7, 8 })]
    [InlineData("lo  lo", new[] { 4, 6, 4, 6 })]
    [InlineData("hello?", new[] { 3, 0 })]
    [InlineData("hello?!\u6771 ?? ld", new[] { 3, 0, 4, 0, 4, 8 })]
    public void Encode_SentencePiece_IsTheMostLikelySegmentation(string text, int[] expected)
    {
        WriteSentencePiece();

        var plain = Open(new TextTokenizerSettings { Kind = TextTokenizerKind.SentencePiece, Vocabulary = "tiny.model" }).Encode(text);
        var shifted = Open(new TextTokenizerSettings { Kind = TextTokenizerKind.SentencePiece, Vocabulary = "tiny.model", IdOffset = 1, Unknown = 3, Begin = 0, Separator = 2, Padding = 1 }).Encode(text);

        Assert.Equal(expected, plain.Ids);
        Assert.Equal([0, .. expected.Select(static id => id == 0 ? 3 : id + 1), 2], shifted.Ids);
    }

    [Fact]
    public void Encode_AttacksOnTime_StayWithinTheLength()
    {
        var tokenizer = WordPiece();
        string[] attacks =
        [
            new string('a', 10_000_000), new string(' ', 10_000_000), new string('\u0301', 1_000_000), "a" + new string('\u0301', 1_000_000), new string('\ud800', 1_000_000),
            string.Concat(Enumerable.Repeat("hello ", 1_000_000)), string.Concat(Enumerable.Repeat("\ud83d\ude00", 500_000)),
        ];

        Assert.All(attacks, attack =>
        {
            var tokens = tokenizer.Encode(attack);
            Assert.True(tokens.IsTruncated);
            Assert.InRange(tokens.Ids.Length, 2, tokenizer.Settings.LengthMax);
        });
    }

    [Fact]
    public void Open_FilesThatAreWrong_SaysWhich()
    {
        File.WriteAllText(PathOf("vocab.txt"), "[UNK]\n");
        File.WriteAllText(PathOf("noise.model"), "no model");
        File.WriteAllText(PathOf("vocab.json"), """{"a":0,"b":-5}""");
        File.WriteAllText(PathOf("merges.txt"), "");

        Assert.Contains("text-tokens.json", Fail(null));
        Assert.Contains("length_max is 2; expected 4 to 8,192", Fail("""{"kind":"word_piece","vocabulary":"vocab.txt","length_max":2}"""));
        Assert.Contains("'../vocab.txt'; expected the name of a file beside it", Fail("""{"kind":"word_piece","vocabulary":"../vocab.txt"}"""));
        Assert.Contains("merges is ''", Fail("""{"kind":"bpe","vocabulary":"vocab.json"}"""));
        Assert.Contains("it has 1 pieces, and none for '[CLS]'", Fail("""{"kind":"word_piece","vocabulary":"vocab.txt","begin":7}"""));
        Assert.Contains("vocab.json': the piece 'b' has the id -5; expected 0 or more", Fail("""{"kind":"bpe","vocabulary":"vocab.json","merges":"merges.txt"}"""));
        Assert.Contains("absent.txt': it does not exist", Fail("""{"kind":"word_piece","vocabulary":"absent.txt"}"""));
        Assert.Contains("noise.model': byte 0 begins no field; expected a model of SentencePiece", Fail("""{"kind":"sentence_piece","vocabulary":"noise.model"}"""));
        Assert.Contains("it is no JSON", Fail("""{"kind":"word_piece","vocabulary":"vocab.txt","lenght":3}"""));
    }

    [Theory]
    [InlineData("", "it is empty; expected a piece in each line (vocab.txt)")]
    [InlineData("[UNK]\nhello\nhello\n", "the piece 'hello' is there twice, in lines 2 and 3; expected each once")]
    [InlineData("[UNK]\n\u00fc\n", "line 2 is no UTF-8; expected a piece in each line (vocab.txt)")]
    public void Open_WordPieceFileThatIsWrong_SaysWhere(string vocabulary, string problem)
    {
        File.WriteAllText(PathOf("vocab.txt"), vocabulary, System.Text.Encoding.Latin1);

        Assert.Equal($"tokenizer '{PathOf("vocab.txt")}': {problem}.", Fail("""{"kind":"word_piece","vocabulary":"vocab.txt"}"""));
    }

    [Theory]
    [InlineData("", "", "vocab.json", "it is empty; expected a JSON object of pieces with their ids (vocab.json)")]
    [InlineData("[1]", "", "vocab.json", "it is none from line 1, byte 2 on; expected a JSON object of pieces with their ids (vocab.json), each piece once")]
    [InlineData("{\"a\":0,\n\"b\"", "", "vocab.json", "it is none from line 2, byte 4 on; expected a JSON object of pieces with their ids (vocab.json), each piece once")]
    [InlineData("{\"a\":0,\"a\":1}", "", "vocab.json", "it is none from line 1, byte 13 on; expected a JSON object of pieces with their ids (vocab.json), each piece once")]
    [InlineData("{}", "", "vocab.json", "it has no pieces; expected a JSON object of pieces with their ids (vocab.json)")]
    [InlineData("{\"a\":2147483647}", "", "vocab.json", "the piece 'a' has the id 2147483647; expected 0 or more, below 16777216")]
    [InlineData("{\"a\":0,\"b\":0}", "", "vocab.json", "the pieces 'a' and 'b' have the id 0; expected each its own")]
    [InlineData("{\"a\":0,\"b\":1}", "a b\nx", "merges.txt", "line 1 joins 'a b', but 'ab' is no piece of 'vocab.json'")]
    [InlineData("{\"a\":0,\"b\":1,\"ab\":2}", "a b\na b", "merges.txt", "line 2 joins 'a b', as line 1 does; expected each pair once")]
    [InlineData("{\"a\":0,\"b\":1}", "#version: 0.2\nx", "merges.txt", "line 2 is 'x'; expected two pieces and a space between them in each line (merges.txt)")]
    public void Open_BpeFilesThatAreWrong_SaysWhere(string vocabulary, string merges, string file, string problem)
    {
        File.WriteAllText(PathOf("vocab.json"), vocabulary);
        File.WriteAllText(PathOf("merges.txt"), merges);

        Assert.Equal($"tokenizer '{PathOf(file)}': {problem}.", Fail("""{"kind":"bpe","vocabulary":"vocab.json","merges":"merges.txt"}"""));
    }

    public static TheoryData<string, string> SentencePieceFaults => new()
    {
        { "no unknown", "it has 0 unknown pieces (type 2); expected one, which stands for what is in no piece" },
        { "two unknown", "it has 2 unknown pieces (type 2); expected one, which stands for what is in no piece" },
        { "not a number", "piece 3 ('odd') has the score NaN; expected a number" },
        { "endless", "piece 3 ('odd') has the score Infinity; expected a number" },
        { "twice", "the piece 'lo' is there twice, as 1 and as 3; expected each once" },
        { "no signs", "piece 3 is empty; expected one sign or more" },
        { "of no type", "piece 3 ('odd') has the type 9; expected 1 to 6" },
        { "words", "its model type is 3; expected 1 (unigram) or 2 (byte pairs)" },
        { "nothing", "it is empty; expected a model of SentencePiece (tokenizer.model, a protobuf file)" },
        { "no pieces", "it has no pieces; expected a model of SentencePiece (tokenizer.model, a protobuf file)" },
    };

    [Theory]
    [MemberData(nameof(SentencePieceFaults))]
    public void Open_SentencePieceFileThatIsWrong_SaysWhere(string fault, string problem)
    {
        List<(string Piece, float Score, int Type)> pieces = [("<unk>", 0, fault == "no unknown" ? 1 : 2), ("lo", -1, 1), ("\u2581", -2, 1)];
        pieces.Add(fault switch
        {
            "two unknown" => ("<unk2>", 0, 2),
            "not a number" => ("odd", float.NaN, 1),
            "endless" => ("odd", float.PositiveInfinity, 1),
            "twice" => ("lo", -3, 1),
            "no signs" => ("", -3, 1),
            "of no type" => ("odd", -3, 9),
            _ => ("odd", -3, 1),
        });
        WriteSentencePiece(fault is "nothing" or "no pieces" ? [] : [.. pieces], fault == "words" ? 3 : 1);
        if (fault == "nothing")
        {
            File.WriteAllBytes(PathOf("tiny.model"), []);
        }

        Assert.Equal($"tokenizer '{PathOf("tiny.model")}': {problem}.", Fail("""{"kind":"sentence_piece","vocabulary":"tiny.model"}"""));
    }

    [Theory]
    [InlineData("word_piece", "vocab.txt")]
    [InlineData("bpe", "vocab.json")]
    [InlineData("bpe", "merges.txt")]
    [InlineData("sentence_piece", "tiny.model")]
    public void Open_FilesCutOrChangedAnywhere_IsReadOrRefusedByName(string kind, string file)
    {
        const int Step = 97;
        string[] words = [.. Enumerable.Range(0, 400).Select(static word => $"piece{word}\u00e9")];
        File.WriteAllLines(PathOf("vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. words]);
        string[] letters = [.. "pice0123456789".Select(static letter => $"{letter}")];
        string[] pairs = [.. letters.SelectMany(first => letters.Select(second => $"{first} {second}"))];
        string[] bytes = [.. letters, .. pairs.Select(static pair => pair.Replace(" ", "", StringComparison.Ordinal))];
        File.WriteAllText(PathOf("vocab.json"), JsonSerializer.Serialize(bytes.Concat(words).Distinct().Index().ToDictionary(static piece => piece.Item, static piece => piece.Index)));
        File.WriteAllText(PathOf("merges.txt"), "#version: 0.2\n" + string.Join('\n', pairs) + "\n");
        WriteSentencePiece([("<unk>", 0, 2), ("\u2581", -3, 1), .. words.Select(static (word, place) => (word, -place / 10f, 1))], 1);
        File.WriteAllText(PathOf(TextTokenizerSettings.FileName), $$"""{"kind":"{{kind}}","vocabulary":"{{(file == "merges.txt" ? "vocab.json" : file)}}"{{(kind == "bpe" ? ",\"merges\":\"merges.txt\"" : "")}},"begin":{{(kind == "word_piece" ? "2" : "null")}},"separator":{{(kind == "word_piece" ? "3" : "null")}}}""");
        var whole = File.ReadAllBytes(PathOf(file));
        Assert.NotEmpty(TextTokenizer.Open(_folder).Encode("piece7 pie").Ids);
        var (random, refused) = (new Random(3), 0);

        for (var place = 0; place < whole.Length; place += Step)
        {
            byte[] changed = [.. whole];
            changed[place] = (byte)random.Next(256);
            foreach (var bad in (byte[][])[whole[..place], changed])
            {
                File.WriteAllBytes(PathOf(file), bad);
                try
                {
                    TextTokenizer.Open(_folder).Encode("piece7 pie \u00e9!");
                }
                catch (FeatureException exception)
                {
                    Assert.Equal(FeatureError.InvalidInput, exception.Error);
                    Assert.StartsWith($"tokenizer '{PathOf(file)}': ", exception.Message, StringComparison.Ordinal);
                    Assert.DoesNotMatch("Object reference|Parameter|System\\.|Exception|Index was|JSON value could not|LineNumber", exception.Message);
                    refused++;
                }
            }
        }

        Assert.True(refused > 0);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private string Fail(string? json)
    {
        if (json is not null)
        {
            File.WriteAllText(PathOf(TextTokenizerSettings.FileName), json);
        }

        return Assert.Throws<FeatureException>(() => TextTokenizer.Open(_folder)).Message;
    }

    private TextTokenizer WordPiece(int lengthMax = 64)
    {
        File.WriteAllLines(PathOf("vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "hello", ",", "world", "!", "\u7684", "\u1112", "##\u1161", "##\u11ab"]);
        return Open(new TextTokenizerSettings { Kind = TextTokenizerKind.WordPiece, Vocabulary = "vocab.txt", LengthMax = lengthMax, Begin = 2, Separator = 3, Unknown = 1 });
    }

    private TextTokenizer Open(TextTokenizerSettings settings)
    {
        settings.Write(PathOf(TextTokenizerSettings.FileName));
        return TextTokenizer.Open(_folder);
    }

    // sentencepiece_model.proto: pieces = 1 (piece = 1, score = 2, type = 3), trainer_spec = 2 (model_type = 3), normalizer_spec = 3 (add_dummy_prefix = 3, remove_extra_whitespaces = 4, escape_whitespaces = 5).
    private void WriteSentencePiece() => WriteSentencePiece(
            [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("\u2581hello", -1, 1), ("\u2581", -3, 1), ("hel", -2, 1), ("lo", -2, 1), ("\u2581wor", -2.5f, 1), ("ld", -2.5f, 1), ("l", -4, 1), ("o", -4, 1)],
            modelType: 1);

    private void WriteSentencePiece((string Piece, float Score, int Type)[] pieces, int modelType)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            foreach (var (piece, score, type) in pieces)
            {
                Write(output, 1, inner =>
                {
                    inner.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    inner.WriteString(piece);
                    inner.WriteTag(2, WireFormat.WireType.Fixed32);
                    inner.WriteFloat(score);
                    inner.WriteTag(3, WireFormat.WireType.Varint);
                    inner.WriteInt32(type);
                });
            }

            Write(output, 2, inner => WriteNumber(inner, 3, modelType));
            Write(output, 3, static inner =>
            {
                WriteNumber(inner, 3, 1);
                WriteNumber(inner, 4, 1);
                WriteNumber(inner, 5, 1);
            });
        }

        File.WriteAllBytes(PathOf("tiny.model"), bytes.ToArray());
    }

    private static void WriteNumber(CodedOutputStream output, int field, int value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt32(value);
    }

    private static void Write(CodedOutputStream output, int field, Action<CodedOutputStream> content)
    {
        using var bytes = new MemoryStream();
        using (var inner = new CodedOutputStream(bytes, leaveOpen: true))
        {
            content(inner);
        }

        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes.ToArray()));
    }
}
