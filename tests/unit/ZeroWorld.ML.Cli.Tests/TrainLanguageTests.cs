using System.Text.Json;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Cli.Tests;

/// <summary><c>zwml train language</c>: a file of a model, and a run that says how good it is.</summary>
public sealed class TrainLanguageTests : IDisposable
{
    private static readonly (string Language, string[] Words)[] Languages =
    [
        ("deu", ["der", "Hund", "schl\u00e4ft", "unter", "dem", "gro\u00dfen", "Tisch", "und", "wartet"]),
        ("fra", ["le", "chien", "dort", "sous", "la", "grande", "table", "et", "attend"]),
        ("eng", ["the", "dog", "sleeps", "under", "that", "large", "table", "and", "waits"]),
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TrainLanguage_FromSentences_WritesTheModelAndTracksTheRun()
    {
        WriteSentences();

        var trained = await ZwmlProcess.RunAsync(_folder.Path, "train", "language", "--path", ".", "-o", "languages.bin", "--data", "data");
        var listed = await ZwmlProcess.RunAsync(_folder.Path, "runs", "list", "--json", "--data", "data");

        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.True(File.Exists(_folder.Combine("languages.bin")));
        using var runs = JsonDocument.Parse(listed.Output);
        var run = Assert.Single(runs.RootElement.EnumerateArray());
        Assert.Contains(run.GetProperty("id").GetString()!, trained.Output, StringComparison.Ordinal);
        Assert.Equal(("language", "languages.bin"), (run.GetProperty("experiment").GetString(), run.GetProperty("name").GetString()));
        Assert.Equal(3, run.GetProperty("metrics").GetProperty("languages").GetDouble());
        Assert.InRange(run.GetProperty("metrics").GetProperty("held_out_sentences").GetDouble(), 0.9, 1);
        Assert.InRange(run.GetProperty("metrics").GetProperty("held_out_words").GetDouble(), 0.5, 1);
    }

    [Fact]
    public async Task ModerateLanguage_LineWithoutALetter_IsUndetermined()
    {
        WriteSentences();
        var trained = await ZwmlProcess.RunAsync(_folder.Path, "train", "language", "--path", ".", "-o", "languages.bin", "--data", "data");
        await File.WriteAllLinesAsync(_folder.Combine("lines.txt"), ["der Hund wartet", "", "  ", "12:30 ?!", "\ud83d\ude00", "la table attend"], TestContext.Current.CancellationToken);

        var (code, output, error) = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "language", "--model", "languages.bin", "-i", "lines.txt");

        Assert.True(trained.ExitCode == 0 && code == 0, trained.Error + error);
        Assert.Equal(["deu", "und", "und", "und", "und", "fra"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task ModerateLanguage_LanguageOfTwoAlphabets_IsAnsweredAndNamedByItsCode()
    {
        WriteSentences();
        string[] serbian = [.. Enumerable.Range(0, 40).Select(static row => row % 2 == 0 ? "\u043f\u0430\u0441 \u0441\u043f\u0430\u0432\u0430 \u043f\u043e\u0434 \u0432\u0435\u043b\u0438\u043a\u0438\u043c \u0441\u0442\u043e\u043b\u043e\u043c" : "pas \u010deka ispred ku\u0107e")];
        await File.WriteAllLinesAsync(_folder.Combine("langid-tatoeba/tatoeba.srp-eng.srp"), serbian, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(_folder.Combine("langid-tatoeba/tatoeba.srp-eng.eng"), serbian.Select(static _ => "the dog waits"), TestContext.Current.CancellationToken);
        var trained = await ZwmlProcess.RunAsync(_folder.Path, "train", "language", "--path", ".", "-o", "languages.bin", "--data", "data");
        await File.WriteAllLinesAsync(
            _folder.Combine("lines.txt"), ["\u0432\u0435\u043b\u0438\u043a\u0438\u043c \u0441\u0442\u043e\u043b\u043e\u043c", "pas \u010deka", "pas ceka", "der Hund"], TestContext.Current.CancellationToken);

        var all = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "language", "--model", "languages.bin", "-i", "lines.txt");
        var two = await ZwmlProcess.RunAsync(_folder.Path, "moderate", "language", "--model", "languages.bin", "-i", "lines.txt", "--languages", "srp", "deu");

        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Contains("4 languages", trained.Output + trained.Error, StringComparison.Ordinal);
        Assert.Equal(["srp", "srp", "srp", "deu"], all.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["srp", "srp", "srp", "deu"], two.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task TrainLanguage_FileCannotBeWritten_TheRunHasFailed()
    {
        WriteSentences();
        Directory.CreateDirectory(_folder.Combine("languages.bin"));

        var trained = await ZwmlProcess.RunAsync(_folder.Path, "train", "language", "--path", ".", "-o", "languages.bin", "--data", "data");
        var listed = await ZwmlProcess.RunAsync(_folder.Path, "runs", "list", "--json", "--data", "data");

        Assert.NotEqual(0, trained.ExitCode);
        using var runs = JsonDocument.Parse(listed.Output);
        Assert.Equal("failed", Assert.Single(runs.RootElement.EnumerateArray()).GetProperty("status").GetString(), ignoreCase: true);
    }

    private void WriteSentences()
    {
        var folder = Directory.CreateDirectory(_folder.Combine("langid-tatoeba")).FullName;
        var random = new Random(8);
        foreach (var (language, words) in Languages)
        {
            string[] sentences = [.. Enumerable.Range(0, 40).Select(_ => string.Join(' ', Enumerable.Range(0, 8).Select(_ => words[random.Next(words.Length)])) + ".")];
            if (language != "eng")
            {
                File.WriteAllLines(Path.Combine(folder, $"tatoeba.{language}-eng.{language}"), sentences);
                continue;
            }

            foreach (var (other, _) in Languages.Where(static pair => pair.Language != "eng"))
            {
                File.WriteAllLines(Path.Combine(folder, $"tatoeba.{other}-eng.eng"), sentences);
            }
        }
    }
}
