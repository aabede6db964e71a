using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>The way of a moderator: train, decide about a file, be killed in the middle, review, change the policy.</summary>
public sealed class ModerationCommandTests(ModerationFixture fixture) : IDisposable
{
    private const int Items = 12_000;

    // By DuckDB, uncompressed: id 0 to 3, text QQQQ0 to QQQQ3, of which the second is Q, 0xE9, QQ1.
    private const string ParquetWithATextThatIsNoUtf8 =
        "UEFSMRUAFUwVTCwVCBUAFQYVBgAAAgAAAAgBAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAVABVUFVQsFQgVABUGFQYAAAIAAAAIAQUAAABRUVFR"
        + "MAUAAABR6VFRMQUAAABRUVFRMgUAAABRUVFRMxUCGTw1ABgNZHVja2RiX3NjaGVtYRUEABUEJQIYAmlkJSQAFQwlAhgEdGV4dCUAABYIGRwZLCYAHBUEGRUA"
        + "GRgCaWQVABYIFm4WbiYIPBgIAwAAAAAAAAAYCAAAAAAAAAAAFgAoCAMAAAAAAAAAGAgAAAAAAAAAABERAAAAJgAcFQwZFQAZGAR0ZXh0FQAWCBZ2FnYmdjwY"
        + "BVFRUVEzGAVRUVFRMBYAKAVRUVFRMxgFUVFRUTAREQAAABbkARYIJggW5AEAKChEdWNrREIgdmVyc2lvbiB2MS41LjYgKGJ1aWxkIDA2OWNjOWY5YjUpGSwc"
        + "AAAcAAAA+AAAAFBBUjE=";

    // Texts of the same words, to which a small model gives the same score.
    private const int Ties = 3;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Moderate_KilledAgainAndAgain_DecidesEachItemOnceAndLosesNone()
    {
        WriteItems();
        await fixture.CopyToAsync(_folder.Path);
        await RunAsync("moderate", "file", "--package", "package", "-i", "items.jsonl", "-o", "undisturbed");

        for (var kill = 0; kill < 4; kill++)
        {
            await KillWhenWrittenAsync((kill + 1) * 300_000L);
        }

        var summary = await RunAsync("moderate", "file", "--package", "package", "-i", "items.jsonl", "-o", "killed", "--json");

        foreach (var file in (string[])["decisions.jsonl", "dead-letters.jsonl", "review.jsonl"])
        {
            Assert.Equal(Timeless("undisturbed", file), Timeless("killed", file));
        }

        var decided = File.ReadLines(PathOf("killed", "decisions.jsonl")).Select(static line => Property(line, "id")).ToArray();
        Assert.Equal(Items, decided.Length);
        Assert.Equal(Items, decided.Distinct(StringComparer.Ordinal).Count());
        using var progress = JsonDocument.Parse(summary);
        Assert.Equal(1, progress.RootElement.GetProperty("repeated").GetInt64());
        Assert.Equal(3, progress.RootElement.GetProperty("dead_letters").GetInt64());
    }

    [Fact]
    public async Task Review_CaseAndVerdict_BecomeALabel()
    {
        await fixture.CopyToAsync(_folder.Path);
        var policy = PathOf("package", "policy.json");
        var text = File.ReadAllText(policy);
        using (var document = JsonDocument.Parse(text))
        {
            var digest = document.RootElement.GetProperty("model").GetString();
            Write("mine.json", $$"""{"name":"mine","version":2,"model":"{{digest}}","rules":[{"label":"foul","review":0.5,"block":1.01}]}""");
            Write("other.json", """{"name":"mine","version":2,"model":"sha256:0","rules":[]}""");
        }

        Write("two.jsonl", """
            {"id":"1","text":"a quiet lake"}
            {"id":"2","text":"you w0rthless trash"}

            """);
        await RunAsync("moderate", "file", "--package", "package", "--policy", "mine.json", "-i", "two.jsonl", "-o", "out");

        using var cases = JsonDocument.Parse(await RunAsync("review", "list", "-o", "out", "--json"));
        var only = Assert.Single(cases.RootElement.EnumerateArray());
        Assert.Equal("2", only.GetProperty("id").GetString());
        Assert.Equal("mine", only.GetProperty("decision").GetProperty("policy").GetString());
        Assert.NotEmpty(only.GetProperty("decision").GetProperty("reasons").EnumerateArray());
        Assert.Contains("w0rthless", await RunAsync("review", "list", "-o", "out", "--label", "fine", "foul", "--language", ""), StringComparison.Ordinal);
        Assert.Equal("[]", (await RunAsync("review", "list", "-o", "out", "--language", "de", "--json")).Trim());
        Write(Path.Combine("out", "verdicts.jsonl"), "{\"id\":\"2\",\"te");
        await RunAsync("review", "verdict", "2", "foul", "-o", "out", "--reviewer", "rosa");
        Assert.Contains("No open cases", await RunAsync("review", "list", "-o", "out"), StringComparison.Ordinal);
        Assert.Equal("[]", (await RunAsync("review", "list", "-o", "out", "--json")).Trim());
        Assert.Equal("foul", Property(File.ReadLines(PathOf("out", "verdicts.jsonl")).Single(), "label"));

        Assert.Equal("2 is foul, says rosa.", (await RunAsync("review", "verdict", "2", "foul", "-o", "out", "--reviewer", "max")).Trim());
        Assert.Contains("2 labels; expected one of", (await ZwmlProcess.RunAsync(_folder.Path, "review", "verdict", "2", "foul", "fine", "-o", "out")).Error, StringComparison.Ordinal);
        var wrong = await ZwmlProcess.RunAsync(_folder.Path, "review", "verdict", "2", "fine", "-o", "out");
        Assert.Contains("'2' is no open case: rosa said 'foul'", wrong.Error.ReplaceLineEndings(" "));
        Assert.Contains("foul, by rosa", await RunAsync("review", "show", "2", "-o", "out"), StringComparison.Ordinal);
        Assert.Equal("1 verdicts", (await RunAsync("review", "export", "-o", "out", "--to", "labels.jsonl")).Trim());
        Assert.Equal(File.ReadAllText(PathOf("out", "verdicts.jsonl")), File.ReadAllText(PathOf("labels.jsonl")));

        // The number of what decided there names that content from now on.
        Write("mine.json", File.ReadAllText(PathOf("mine.json")).Replace("0.5", "0.6", StringComparison.Ordinal));
        var byHand = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "file", "--package", "package", "--policy", "mine.json", "-i", "two.jsonl", "-o", "out");
        Assert.Equal(1, byHand.ExitCode);
        Assert.Contains("policy 'mine': version 2 is the number of another content already", byHand.Error.ReplaceLineEndings(" "));
        Write("table.csv", "text,label\na quiet lake,fine\n");
        var table = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "file", "--package", "package", "-i", "table.csv", "-o", "of-table");
        Assert.Equal(2, table.ExitCode);
        Assert.Contains("'table.csv' is a table of another kind", table.Error.ReplaceLineEndings(" "));
        Assert.False(Directory.Exists(PathOf("of-table")));
        var absent = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "file", "--package", "package", "-i", "absent.parquet", "-o", "of-nothing");
        Assert.Equal(2, absent.ExitCode);
        Assert.Contains("--input: there is no file 'absent.parquet'", absent.Error.ReplaceLineEndings(" "));
        var stranger = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "text", "hello", "--package", "package", "--policy", "other.json");
        Assert.NotEqual(0, stranger.ExitCode);
        Assert.Contains("map them", stranger.Error.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task Review_TextThatTellsTheTerminalWhatToDo_IsShownAndNotObeyed()
    {
        Directory.CreateDirectory(PathOf("out"));
        Write(
            Path.Combine("out", "review.jsonl"),
            """{"offset":"1","id":"a\u001b[31m1","text":"free\u001b[2J\u001b]0;mine\u0007 prize\nnow","language":"","surface":"","decision":{"offset":"1","id":"a","action":"review","label":"foul","scores":{"foul":0.6},"reasons":[{"start":0,"end":4,"text":"telling","share":2.5},{"start":0,"end":4,"text":"hardly","share":0.1}],"policy":"mine","policy_version":1,"model":"sha256:0","time":"2026-01-02T03:04:05+00:00"}}""" + "\n");

        var list = await RunAsync("review", "list", "-o", "out");
        var show = await RunAsync("review", "show", "a\u001b[31m1", "-o", "out");
        var verdict = await RunAsync("review", "verdict", "a\u001b[31m1", "foul", "-o", "out");
        var unknown = await ZwmlProcess.RunAsync(_folder.Path, "review", "show", "b\u001b[31m1", "-o", "out");

        Assert.All((string[])[list, show, verdict, unknown.Error], static said => Assert.DoesNotContain(said, static letter => char.IsControl(letter) && letter is not ('\n' or '\r')));
        Assert.Contains("""free\u001b[2J\u001b]0;mine\u0007 prize now""", list, StringComparison.Ordinal);
        Assert.Contains("telling", list, StringComparison.Ordinal);
        Assert.DoesNotContain("hardly", list, StringComparison.Ordinal);
        Assert.Contains("telling 2.50; hardly 0.10", show, StringComparison.Ordinal);
        Assert.Contains("""free\u001b[2J\u001b]0;mine\u0007 prize""", show, StringComparison.Ordinal);
        Assert.Contains("""'b\u001b[31m1' is no case""", unknown.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Review_TextsOfSeveralLabels_VerdictsBecomeLabelsOfTheNextTraining()
    {
        var random = new Random(4);
        Write("train.csv", "text,toxic,spam\n" + string.Join('\n', Enumerable.Range(0, 200).Select(row =>
            $"{ModerationFixture.Words(random)}{(row % 2 == 0 ? " vile scum" : "")}{(row % 3 == 0 ? " cheap pills" : "")} {row},{1 - (row % 2)},{(row % 3 == 0 ? 1 : 0)}")) + "\n");
        string[] train = ["train", "moderation", "--table", "train.csv", "--label", "toxic", "spam", "--disguised-copies", "0"];
        await RunAsync([.. train, "-o", "package"]);
        using (var policy = JsonDocument.Parse(File.ReadAllText(PathOf("package", "policy.json"))))
        {
            Write("all.json", $$"""{"name":"all","version":1,"model":"{{policy.RootElement.GetProperty("model").GetString()}}","rules":[{"label":"toxic","review":0,"block":1.01}]}""");
        }

        Write("four.jsonl", string.Concat(Enumerable.Range(1, 4).Select(static item => $$"""{"id":"{{item}}","text":"a quiet lake {{item}}"}""" + "\n")));
        await RunAsync("moderate", "file", "--package", "package", "--policy", "all.json", "-i", "four.jsonl", "-o", "out");

        Assert.Equal("1 is toxic, spam, says rosa.", (await RunAsync("review", "verdict", "1", "spam", "toxic", "-o", "out", "--reviewer", "rosa")).Trim());
        Assert.Equal("1 is toxic, spam, says rosa.", (await RunAsync("review", "verdict", "1", "toxic", "spam", "-o", "out", "--reviewer", "max")).Trim());
        Assert.Equal("2 is none of the labels, says rosa.", (await RunAsync("review", "verdict", "2", "--none", "-o", "out", "--reviewer", "rosa")).Trim());
        await RunAsync("review", "verdict", "3", "spam", "-o", "out");
        Assert.Contains("toxic, spam, by rosa", await RunAsync("review", "show", "1", "-o", "out"), StringComparison.Ordinal);
        foreach (var (arguments, expected) in ((string[], string)[])
            [(["4", "rude"], "'rude' is none of the model"), (["4"], "What is true of it? Expected one or more labels, or --none"), (["4", "spam", "--none"], "--none and spam; expected one or the other"), (["2", "spam"], "rosa said 'none of the labels'")])
        {
            var refused = await ZwmlProcess.RunAsync(_folder.Path, ["review", "verdict", .. arguments, "-o", "out"]);
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains(expected, refused.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        }

        Assert.Equal("3 verdicts", (await RunAsync("review", "export", "-o", "out", "--to", "verdicts.jsonl")).Trim());
        Assert.Contains("203 texts, 2 labels", (await ZwmlProcess.RunAsync(_folder.Path, [.. train, "--verdicts", "verdicts.jsonl", "-o", "next"])).Error, StringComparison.Ordinal);
        File.AppendAllText(PathOf("verdicts.jsonl"), "{\"text\":\"x\",\"labels\":[\"rude\"]}\n");
        var unknown = await ZwmlProcess.RunAsync(_folder.Path, [.. train, "--verdicts", "verdicts.jsonl", "-o", "never"]);
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("verdicts.jsonl', line 4: label 'rude' is none of the table; expected any of toxic, spam.", unknown.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.False(Directory.Exists(PathOf("never")));
    }

    [Fact]
    public async Task ModerateFile_ParquetWithATextThatIsNoUtf8_ItsRowIsADeadLetterAndTheOthersAreDecided()
    {
        await fixture.CopyToAsync(_folder.Path);
        File.WriteAllBytes(PathOf("four.parquet"), Convert.FromBase64String(ParquetWithATextThatIsNoUtf8));

        var said = await RunAsync("moderate", "file", "--package", "package", "-i", "four.parquet", "-o", "out");

        Assert.Contains("1 dead letters", said, StringComparison.Ordinal);
        Assert.Equal(["0", "2", "3"], File.ReadLines(PathOf("out", "decisions.jsonl")).Select(static line => Property(line, "id")));
        var letter = Assert.Single(File.ReadLines(PathOf("out", "dead-letters.jsonl")));
        Assert.Equal("text: byte 1 (0xe9) is no part of a text in UTF-8; expected UTF-8", Property(letter, "reason"));
        Assert.Equal("2", Property(letter, "offset"));
        Assert.Contains("QQ1", Property(letter, "item"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_DecisionOfAFileJob_IsMadeAgain()
    {
        await fixture.CopyToAsync(_folder.Path);
        await RunAsync("models", "register", "moderation", "package");
        Write("two.jsonl", """
            {"id":"1","text":"a quiet lake"}
            {"id":"2","text":"you w0rthless trash"}

            """);

        await RunAsync("moderate", "file", "--package", "package", "-i", "two.jsonl", "-o", "out", "--prediction-log", Path.Combine(".zeroworld", "prediction-log"));

        foreach (var line in File.ReadLines(PathOf("out", "decisions.jsonl")))
        {
            var said = await RunAsync("replay", Property(line, "prediction_id")!);
            Assert.Contains("equal, bit for bit", said, StringComparison.Ordinal);
            Assert.Contains("moderation version 1,", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task PackageText_TransformerWithLabelledTexts_DecidesByTheThresholdsChosenOnThem()
    {
        WriteTransformer();
        Write("one.jsonl", """{"id":"1","text":"you vile scum 4"}""" + "\n");

        var said = await RunAsync(
            "models", "package-text", "tiny-transformer.onnx", "--tokenizer", "WordPiece", "--vocabulary", "vocab.txt", "--labels", "fine", "foul", "--length-max", "32",
            "--table", "held-out.csv", "--harmless", "fine", "--review", "recall=1", "--block", "cost=1000", "-o", "transformer");
        using var decision = JsonDocument.Parse(await RunAsync("moderate", "text", "you vile scum 4", "--package", "transformer"));
        await RunAsync("moderate", "file", "--package", "transformer", "-i", "one.jsonl", "-o", "out");

        Assert.Contains("packaged", said, StringComparison.Ordinal);
        Assert.Contains("foul: review from", said, StringComparison.Ordinal);
        Assert.Contains(decision.RootElement.GetProperty("action").GetString(), (string[])["review", "block"]);
        Assert.Equal(decision.RootElement.GetProperty("action").GetString(), Property(File.ReadLines(PathOf("out", "decisions.jsonl")).Single(), "action"));
    }

    [Theory]
    [InlineData("WordPiece", "texts.jsonl", null, "tokenizer 'texts.jsonl': it has 1 pieces, and none for '[UNK]'.")]
    [InlineData("SentencePiece", "vocab.txt", null, "tokenizer 'vocab.txt': byte 0 begins no field")]
    [InlineData("Bpe", "vocab.txt", null, "--merges is absent; expected merges.txt of --tokenizer Bpe, and none of the others.")]
    [InlineData("WordPiece", "vocab.txt", "vocab.txt", "--merges is 'vocab.txt'; expected merges.txt of --tokenizer Bpe")]
    [InlineData("WordPiece", "absent.txt", null, "The file 'absent.txt' does not exist.")]
    public async Task PackageText_FilesOfAnotherTokenizer_AreRefusedByTheirNames(string tokenizer, string vocabulary, string? merges, string expected)
    {
        WriteTransformer();
        Write("texts.jsonl", "{}\n");
        string[] command = ["models", "package-text", "tiny-transformer.onnx", "--tokenizer", tokenizer, "--vocabulary", vocabulary, "--labels", "fine", "foul", "-o", "wrong"];

        var wrong = await ZwmlProcess.RunAsync(_folder.Path, merges is null ? command : [.. command, "--merges", merges]);

        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Contains(expected, wrong.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.False(Directory.Exists(PathOf("wrong")));
    }

    [Fact]
    public async Task PackageText_LabelNamedTwice_IsRefusedByItsName()
    {
        WriteTransformer();

        var wrong = await ZwmlProcess.RunAsync(_folder.Path, "models", "package-text", "tiny-transformer.onnx", "--tokenizer", "WordPiece", "--vocabulary", "vocab.txt", "--labels", "foul", "foul", "-o", "wrong");

        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--labels names 'foul' twice", wrong.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    // The tiny transformer has a row for each of its pieces: fewer pieces are told, more are refused.
    [Theory]
    [InlineData(0, null)]
    [InlineData(-3, "the others are never used")]
    [InlineData(2, "expected at most as many")]
    public async Task PackageText_VocabularyOfAnotherSize_IsToldOrRefused(int more, string? expected)
    {
        WriteTransformer();
        var pieces = File.ReadAllLines(PathOf("vocab.txt"));
        File.WriteAllLines(PathOf("vocab.txt"), more < 0 ? pieces[..^-more] : [.. pieces, .. Enumerable.Range(0, more).Select(static piece => $"##piece{piece}")]);

        var result = await ZwmlProcess.RunAsync(
            _folder.Path, "models", "package-text", "tiny-transformer.onnx", "--tokenizer", "WordPiece", "--vocabulary", "vocab.txt", "--labels", "fine", "foul", "--length-max", "32", "-o", "transformer");

        Assert.Equal(more > 0, result.ExitCode != 0);
        var said = string.Join(' ', (result.Output + result.Error).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (expected is null)
        {
            Assert.DoesNotContain("rows for", said, StringComparison.Ordinal);
            return;
        }

        Assert.Contains(expected, said, StringComparison.Ordinal);
        Assert.Contains($"rows for {pieces.Length}", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MapPolicy_ToAModelOfAnotherKind_FlagsAsManyOfTheTexts()
    {
        await fixture.CopyToAsync(_folder.Path);
        WriteTransformer();
        await RunAsync(
            "models", "package-text", "tiny-transformer.onnx", "--tokenizer", "WordPiece", "--vocabulary", "vocab.txt", "--labels", "fine", "foul", "--length-max", "32",
            "--table", "held-out.csv", "--harmless", "fine", "-o", "transformer");
        var random = new Random(7);
        string[] known = ["you", "vile", "scum", "hello", "lovely", "garden"];
        string[] texts = [.. Enumerable.Range(0, 150).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(3, 16)).Select(_ => known[random.Next(known.Length)])))];
        Write("texts.txt", string.Join('\n', texts) + "\n");
        Write("texts.jsonl", string.Concat(texts.Select(static (text, row) => $$"""{"id":"{{row}}","text":"{{text}}"}""" + "\n")));

        await RunAsync("moderate", "map-policy", "--from", "package", "--to", "transformer", "--texts", "texts.txt", "-o", "mapped.json");
        await RunAsync("moderate", "file", "--package", "package", "-i", "texts.jsonl", "-o", "before");
        await RunAsync("moderate", "file", "--package", "transformer", "--policy", "mapped.json", "-i", "texts.jsonl", "-o", "after");

        var wrong = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "map-policy", "--from", "transformer", "--policy", Path.Combine("package", "policy.json"), "--to", "package", "--texts", "texts.txt", "-o", "wrong.json");
        Assert.InRange(Flagged("before"), 1, texts.Length - 1);
        Assert.InRange(Flagged("after"), Flagged("before"), Flagged("before") + Ties);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("expected the package that the policy is of", wrong.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    private int Flagged(string folder) => File.ReadLines(PathOf(folder, "decisions.jsonl")).Count(static line => Property(line, "action") != "allow");

    private void WriteTransformer()
    {
        foreach (var file in (string[])["tiny-transformer.onnx", "vocab.txt"])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Tokens", file), PathOf(file));
        }

        Write("held-out.csv", "text,label\n" + string.Join('\n', Enumerable.Range(0, 20).Select(static row => row % 2 == 0 ? $"you vile scum {row},foul" : $"hello lovely garden {row},fine")) + "\n");
    }

    private async Task KillWhenWrittenAsync(long bytes)
    {
        using var process = ZwmlProcess.Start(_folder.Path, "moderate", "file", "--package", "package", "-i", "items.jsonl", "-o", "killed");
        var decisions = PathOf("killed", "decisions.jsonl");
        while (!process.HasExited && (!File.Exists(decisions) || new FileInfo(decisions).Length < bytes))
        {
            await Task.Yield();
        }

        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private void WriteItems()
    {
        var random = new Random(6);
        using var file = new StreamWriter(PathOf("items.jsonl"));
        for (var item = 0; item < Items; item++)
        {
            var words = ModerationFixture.Words(random);
            var text = random.Next(4) == 0 ? $"{words} {ModerationFixture.Foul[random.Next(ModerationFixture.Foul.Count)]}" : words;
            file.WriteLine(string.Create(CultureInfo.InvariantCulture, $$"""{"id":"item-{{item}}","text":"{{text}}","surface":"comment"}"""));
            if (item == 1_000)
            {
                file.WriteLine("""{"id":"item-7","text":"the same again"}""");
                file.WriteLine("no json");
                file.WriteLine("""{"id":"x"}""");
                file.WriteLine("""{"id":"","text":"nobody"}""");
            }
        }
    }

    private string[] Timeless(string folder, string file) =>
        [.. File.ReadLines(PathOf(folder, file)).Select(static line => System.Text.RegularExpressions.Regex.Replace(line, "\"time\":\"[^\"]*\"", ""))];

    private static string? Property(string line, string name)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty(name).GetString();
    }

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private string PathOf(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    private async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, arguments);
        Assert.True(code == 0, error);
        return output;
    }
}
