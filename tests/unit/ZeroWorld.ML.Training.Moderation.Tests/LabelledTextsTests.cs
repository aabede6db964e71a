using Xunit;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class LabelledTextsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-moderation-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Read_LabelOutsideTheSet_NamesRowColumnAndValue()
    {
        var file = Path.Combine(_folder.FullName, "data.csv");
        File.WriteAllText(file, "text,label\n\"a, \"\"quoted\"\"\nline\",ham\nother,egg\n");

        var error = Assert.Throws<TrainingException>(() => LabelledTexts.Read(file, "text", ["label"], ["ham", "spam"]));

        Assert.Contains("row 2, column 'label': 'egg'", error.Message);
        Assert.Equal("a, \"quoted\"\nline", LabelledTexts.Read(file, "text", ["label"], []).Texts[0]);
    }

    [Fact]
    public void WithVerdicts_TextsOfTheTableAndOthers_TheVerdictCounts()
    {
        var (table, verdicts) = (Path.Combine(_folder.FullName, "data.csv"), Path.Combine(_folder.FullName, "verdicts.jsonl"));
        File.WriteAllText(table, "body,class,other\none,ham,0\ntwo,spam,1\n");
        File.WriteAllText(verdicts, "{\"id\":\"7\",\"text\":\"one\",\"label\":\"spam\",\"reviewer\":\"r\"}\n{\"text\":\"three\",\"label\":\"ham\"}\n");
        var read = LabelledTexts.Read(table, "body", ["class"], []);

        var all = read.WithVerdicts([verdicts]).WithoutDuplicates();

        Assert.Equal(["one", "three", "two"], all.Texts);
        Assert.Equal(["spam", "ham", "spam"], Enumerable.Range(0, 3).Select(row => all.Labels.Names[all.Labels.ClassOf(row)]));
        Assert.Same(read, read.WithVerdicts([]));
        File.AppendAllText(verdicts, "{\"text\":\"four\",\"label\":\"egg\"}\n");
        Assert.Contains("verdicts.jsonl', line 3: label 'egg' is none of the table; expected one of ham, spam.", Assert.Throws<TrainingException>(() => read.WithVerdicts([verdicts])).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<TrainingException>(() => read.WithVerdicts([table + "x"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithVerdicts_TableOfSeveralLabels_NamedOnesAreTrueAndTheOthersNot()
    {
        var (table, verdicts) = (Path.Combine(_folder.FullName, "data.csv"), Path.Combine(_folder.FullName, "verdicts.jsonl"));
        File.WriteAllText(table, "body,toxic,hate,spam\none,0,0,1\ntwo,1,0,0\n");
        File.WriteAllText(verdicts, """
            {"id":"1","text":"one","labels":["hate","toxic"],"reviewer":"r"}
            {"text":"three","labels":[]}
            {"text":"four","label":"spam"}

            """);

        var all = LabelledTexts.Read(table, "body", ["toxic", "hate", "spam"], []).WithVerdicts([verdicts]).WithoutDuplicates();

        Assert.Equal(["one", "three", "four", "two"], all.Texts);
        Assert.Equal([true, true, false, false, false, false, false, false, true, true, false, false], all.Labels.Positive);
        Assert.False(all.Labels.IsExclusive);
    }

    [Theory]
    [InlineData("""{"text":"a","labels":["toxic","rude"]}""", "label 'rude' is none of the table; expected any of toxic, hate.")]
    [InlineData("""{"text":"a","label":"rude"}""", "label 'rude' is none of the table; expected any of toxic, hate.")]
    [InlineData("""{"text":"a","labels":"toxic"}""", "label, labels: neither is there as such")]
    [InlineData("""{"text":"a","labels":[1]}""", "label, labels: neither is there as such")]
    [InlineData("""{"text":"a"}""", "label, labels: neither is there as such")]
    [InlineData("""{"text":null,"labels":[]}""", "text: it is absent or no text")]
    [InlineData("""{"text":"\ud800","labels":[]}""", "text: it is absent or no text")]
    [InlineData("[]", "it is a JSON Array")]
    [InlineData("no", "it is no JSON: line 1, byte 2: ")]
    public void WithVerdicts_LineThatIsNone_IsRefusedByFileAndLine(string line, string expected)
    {
        var (table, verdicts) = (Path.Combine(_folder.FullName, "data.csv"), Path.Combine(_folder.FullName, "verdicts.jsonl"));
        File.WriteAllText(table, "text,toxic,hate\none,0,1\n");
        File.WriteAllText(verdicts, "{\"text\":\"a\",\"labels\":[]}\n\n" + line + "\n");
        var read = LabelledTexts.Read(table, "text", ["toxic", "hate"], []);

        var error = Assert.Throws<TrainingException>(() => read.WithVerdicts([verdicts]));

        Assert.Equal(TrainingError.UnsuitableData, error.Error);
        Assert.Contains($"verdicts.jsonl', line 3: {expected}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "0 labels; expected one")]
    [InlineData("""["ham","spam"]""", "2 labels (ham, spam); expected one")]
    public void WithVerdicts_NotOneLabelForATableOfOne_IsRefused(string labels, string expected)
    {
        var (table, verdicts) = (Path.Combine(_folder.FullName, "data.csv"), Path.Combine(_folder.FullName, "verdicts.jsonl"));
        File.WriteAllText(table, "text,class\none,ham\ntwo,spam\n");
        File.WriteAllText(verdicts, $$"""{"text":"a","labels":{{labels}}}""");
        var read = LabelledTexts.Read(table, "text", ["class"], []);

        Assert.Contains($"verdicts.jsonl', line 1: {expected}", Assert.Throws<TrainingException>(() => read.WithVerdicts([verdicts])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"text":null,"label":"ham"}""", "column 'text': 'null' is not valid; expected a text or a number")]
    [InlineData("""{"text":"a","label":["ham"]}""", "column 'label': '[\"ham\"]' is not valid; expected a text or a number")]
    [InlineData("""{"text":"\ud800","label":"ham"}""", "column 'text': it has half of a surrogate pair")]
    [InlineData("[1]", "it is no JSON object but a JSON Array")]
    [InlineData("{", "it is no JSON object: line 1, byte 2: Expected depth")]
    public void Read_LineThatIsNoRow_IsRefusedByRowAndColumn(string line, string expected)
    {
        var file = Path.Combine(_folder.FullName, "data.jsonl");
        File.WriteAllText(file, "{\"text\":\"a\",\"label\":\"ham\"}\n" + line + "\n");

        var error = Assert.Throws<TrainingException>(() => LabelledTexts.Read(file, "text", ["label"], []));

        Assert.Contains($"data.jsonl', row 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data.csv", "text,label\nplain,ham\ncaf", "line 3, byte 4: 0xE9")]
    [InlineData("data.jsonl", "{\"text\":\"", "line 1, byte 10: 0xE9")]
    public void Read_BytesThatAreNoUtf8_NamesLineAndByte(string name, string before, string expected)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(file, [.. System.Text.Encoding.ASCII.GetBytes(before), 0xE9, .. ",spam\n"u8]);

        var error = Assert.Throws<TrainingException>(() => LabelledTexts.Read(file, "text", ["label"], []));

        Assert.Equal(TrainingError.UnsuitableData, error.Error);
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void Read_LongFileInUtf8OrUtf16_IsRead()
    {
        var (utf8, utf16) = (Path.Combine(_folder.FullName, "utf8.csv"), Path.Combine(_folder.FullName, "utf16.csv"));
        var text = "text,label\n" + string.Concat(Enumerable.Repeat("caf\u00e9 \u4eba,ham\nno,spam\n", 2_000)) + new string('\u00e9', 3_000_000) + ",ham\n";
        File.WriteAllText(utf8, text);
        File.WriteAllText(utf16, text, System.Text.Encoding.Unicode);

        Assert.Equal(4_001, LabelledTexts.Read(utf8, "text", ["label"], []).Texts.Count);
        Assert.Equal(LabelledTexts.Read(utf8, "text", ["label"], []).Texts, LabelledTexts.Read(utf16, "text", ["label"], []).Texts);
    }

    [Theory]
    [InlineData("data.csv", "text,surface,ham,lang\none,chat,1,de\ntwo,,0,\none,mail,1,en\n")]
    [InlineData("data.jsonl", """
        {"text":"one","ham":1,"lang":"de","surface":"chat"}
        {"text":"two","ham":0,"lang":null}
        {"text":"one","ham":1,"lang":"en","surface":"mail"}
        """)]
    public void Read_ColumnsOfLanguageAndSurface_GoWithTheirTexts(string name, string content)
    {
        var (file, verdicts) = (Path.Combine(_folder.FullName, name), Path.Combine(_folder.FullName, "verdicts.jsonl"));
        File.WriteAllText(file, content);
        File.WriteAllText(verdicts, """{"text":"three","label":"1","language":"en"}""");

        var read = LabelledTexts.Read(file, "text", ["ham"], [], "lang", "surface").WithVerdicts([verdicts]).WithoutDuplicates();

        Assert.Equal(["three", "one", "two"], read.Texts);
        Assert.Equal(["en", "de", ""], read.Languages);
        Assert.Equal(["", "chat", ""], read.Surfaces);
        var surfaces = LabelledTexts.Read(file, "text", ["ham"], [], surfaceColumn: "surface");
        Assert.Null(surfaces.Languages);
        Assert.Equal(["chat", "", "mail"], surfaces.Surfaces);
    }

    [Theory]
    [InlineData(new[] { "ham", "ham" }, new string[0], "label: column 'ham' is named twice; expected each once.")]
    [InlineData(new[] { "ham", "spam" }, new[] { "spam", "scam" }, "label: column 'ham' is none of the labels that may occur; expected some of spam, scam.")]
    public void Read_LabelColumnsThatCannotBe_AreRefusedByName(string[] columns, string[] allowed, string expected)
    {
        var file = Path.Combine(_folder.FullName, "data.csv");
        File.WriteAllText(file, "text,ham,spam\none,1,0\ntwo,0,1\n");

        var error = Assert.Throws<TrainingException>(() => LabelledTexts.Read(file, "text", columns, allowed));

        Assert.Equal((TrainingError.InvalidInput, expected), (error.Error, error.Message));
    }

    [Fact]
    public void Read_LanguageThatStandsForAll_IsRefusedByRowAndColumn()
    {
        var file = Path.Combine(_folder.FullName, "data.csv");
        File.WriteAllText(file, "text,ham,lang\none,1,de\ntwo,0,*\n");

        var error = Assert.Throws<TrainingException>(() => LabelledTexts.Read(file, "text", ["ham"], [], "lang"));

        Assert.Contains("row 2, column 'lang': '*' is not valid; expected a name", error.Message, StringComparison.Ordinal);
    }
}
