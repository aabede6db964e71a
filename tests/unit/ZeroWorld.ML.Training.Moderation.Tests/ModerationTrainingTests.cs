using Xunit;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class ModerationTrainingTests : IDisposable
{
    private static readonly string[] Kind = ["lovely garden", "sunny walk", "fresh bread", "quiet lake", "good friends", "warm tea"];
    private static readonly string[] Foul = ["vile scum", "rotten filth", "worthless trash", "disgusting vermin"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-moderation-");

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public async Task RunAsync_AnyKindOfLabels_WritesAPackageThatScoresAsTheTrainer(int labels, bool isExclusive)
    {
        var data = Data(labels, isExclusive);
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"), Data = data, OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 },
        };

        var result = await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);

        Assert.Equal(0, result.Parity.Disagreements);
        Assert.InRange(result.Parity.Difference, 0, TextParity.Tolerance);
        Assert.InRange(result.Metrics["expected_calibration_error"], 0, 0.2);
        var read = TextModelFile.Read(Path.Combine(request.OutputDirectory, TextModelFile.Name));
        var workspace = new TextWorkspace();
        foreach (var text in data.Texts.Append("").Append("\ud800 new words"))
        {
            var (one, other) = (new float[labels], new float[labels]);
            result.Model.Score(text, workspace, one);
            read.Score(text, workspace, other);
            Assert.Equal(one, other);
            Assert.True(!isExclusive || Math.Abs(one.Sum() - 1) < 1e-5);
        }
    }

    [Fact]
    public async Task RunAsync_ScorerThatDiffers_LeavesNothingSoThatTheFolderIsFreeForTheNext()
    {
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"), Data = Data(2, true), OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 },
        };

        var error = await Assert.ThrowsAsync<TrainingException>(() => ModerationTraining.RunAsync(request, new ConstantScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken));

        Assert.Equal(TrainingError.ParityBroken, error.Error);
        Assert.False(Directory.Exists(request.OutputDirectory));
        var result = await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(result.Package.Directory, "policy.json")));
    }

    // a: one found, one missed, none wrong: 2/3; b: one found, one wrong: 2/3; c: nothing to find: 0.
    [Fact]
    public void Measure_SeveralLabels_HasTheMeanF1OfThoseFromOneHalfOn()
    {
        var labels = new LabelMatrix(["a", "b", "c"], [true, false, false, true, true, false, false, false, false], false);

        var metrics = HeldOutQuality.Measure([[0.5f, 0.6f, 0.1f], [0.4f, 0.9f, 0], [0.2f, 0.3f, 0.49f]], labels);

        Assert.Equal(4 / 9.0, metrics["macro_f1"], 1e-9);
        Assert.False(metrics.ContainsKey("accuracy"));
    }

    // Two labels that a text has both, close to 1: which of them is more probable is rounding.
    [Theory]
    [InlineData(new[] { 0.999999f, 0.999998f }, new[] { 0.999998f, 0.999999f }, true)]
    [InlineData(new[] { 0.7f, 0.2f }, new[] { 0.6f, 0.3f }, true)]
    [InlineData(new[] { 0.5001f, 0.4999f }, new[] { 0.4999f, 0.5001f }, false)]
    public void IsSameLabel_LabelsBesideEachOther_RoundingIsNoDifference(float[] served, float[] trained, bool isSame) =>
        Assert.Equal(isSame, TextParity.IsSameLabel(served, trained));

    [Fact]
    public async Task Explain_FoulWord_IsTheFirstReason()
    {
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"), Data = Data(2, true), OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 },
        };
        var result = await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);
        var foul = result.Model.Labels.ToList().IndexOf("label0");

        var reasons = result.Model.Explain("a sunny walk past f1lth today", foul, 3, new TextWorkspace());

        Assert.Equal("f1lth", reasons[0].Text);
        Assert.True(reasons[0].Share > 0);
    }

    [Theory]
    [InlineData("a sunny walk past rottn people", "rottn", 18)]
    [InlineData("a sunnywalkpastvilescum people", "sunnywalkpastvilescum", 2)]
    [InlineData("a lake , f i l t h today", "f", 9)]
    public async Task Explain_HiddenWord_IsTheFirstReasonAsGiven(string text, string expected, int start)
    {
        var request = new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = Data(2, true), OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 } };
        var model = (await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken)).Model;
        var workspace = new TextWorkspace();
        var (read, asItStands, probabilities) = (new float[2], new float[2], new float[2]);

        var reasons = model.Explain(text, model.Labels.ToList().IndexOf("label0"), 9, workspace);

        model.Score(text, workspace, read);
        (model with { Lexicon = null }).Score(text, workspace, asItStands);
        model.Featurizer.Featurize(model.Lexicon!.Restore(text, Featurized(model, text))!.Text, workspace);
        model.Score(workspace.Ids, workspace.Values, probabilities);
        Assert.Contains(reasons, reason => reason.Text == expected && reason.Start == start && reason.Share > 0);
        Assert.Equal(probabilities, read);
        Assert.NotEqual(asItStands, read);
    }

    // A file of before has no such reading, and goes on without it.
    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 3)]
    public void Write_ModelWithArabicWords_KeepsWhetherItReadsThemInLatinLetters(bool readsChat, int version)
    {
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { Bits = 10 });
        var model = new TextModel(featurizer, ["a", "b"], true, new LinearWeights(featurizer.Size, 1), Calibration.Identity(1))
        {
            Lexicon = new WordLexicon([new LexiconWord("\u0643\u0644\u0628", "\u0643\u0644\u0628", 3)], [1], readsChat),
        };
        var path = Path.Combine(_folder.FullName, "model.bin");

        TextModelFile.Write(path, model);

        var read = TextModelFile.Read(path);
        Assert.Equal(version, BitConverter.ToInt32(File.ReadAllBytes(path), 4));
        Assert.Equal(readsChat, read.Lexicon!.ReadsChat);
        Assert.Equal(model.Lexicon.Words, read.Lexicon.Words);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(20_000)]
    public void Read_FileWhoseWordsAreDamaged_SaysSo(int behind)
    {
        var featurizer = new TextFeaturizer(new TextFeaturizerSettings { Bits = 10 });
        var lexicon = new WordLexicon([.. Enumerable.Range(0, 9_000).Select(static number => new LexiconWord($"word{(char)('a' + (number % 26))}{number}", $"w{number}", 2 + (number * 7 % 1_000)))], [1, 2, 3]);
        var model = new TextModel(featurizer, ["a", "b"], true, new LinearWeights(featurizer.Size, 1), Calibration.Identity(1)) { Lexicon = lexicon };
        var path = Path.Combine(_folder.FullName, "model.bin");
        TextModelFile.Write(path, model);
        var read = TextModelFile.Read(path);
        Assert.Equal(lexicon.Words, read.Lexicon!.Words);
        Assert.Equal(lexicon.Rare, read.Lexicon.Rare);
        Assert.Throws<ArgumentException>(() => TextModelFile.Write(path, model, isCompact: true));
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(12 + BitConverter.ToInt32(bytes, 8) + behind, 8).Fill(0xEE);
        File.WriteAllBytes(path, bytes);

        Assert.Contains($"text model '{path}'", Assert.Throws<TrainingException>(() => TextModelFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_LongTexts_ShowsBothEndsInShortReasons()
    {
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"), Data = Data(2, true), OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 },
        };
        var model = (await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken)).Model;
        var foul = model.Labels.ToList().IndexOf("label0");
        var text = new string('x', 20_000) + " filth " + new string('y', 4_000_000) + " vile scum";

        var reasons = model.Explain(text, foul, 5, new TextWorkspace());

        Assert.Contains(reasons, reason => reason.Text == "scum" && reason.Start == text.Length - 4 && reason.End == text.Length);
        Assert.All(reasons, reason => Assert.Equal(text[reason.Start..Math.Min(reason.End, reason.Start + 100)], reason.Text));
        Assert.All(reasons, static reason => Assert.NotEqual("filth", reason.Text));
    }

    [Fact]
    public async Task RunAsync_LabelWithFewRows_NamesIt()
    {
        var texts = Enumerable.Range(0, 30).Select(static number => $"text number {number}").ToArray();
        var data = new LabelledTexts(texts, LabelMatrix.OfClasses([.. texts.Select(static (_, row) => row < 3 ? "rare" : "usual")]));

        var error = await Assert.ThrowsAsync<TrainingException>(() => ModerationTraining.RunAsync(
            new ModerationTrainingRequest { Model = new ModelName("default", "text"), Data = data, OutputDirectory = Path.Combine(_folder.FullName, "p") },
            new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken));

        Assert.Contains("label 'rare': 3 of 30", error.Message);
    }

    [Fact]
    public void Expected_MeanProbabilities_IsTheirDistanceFromWhatHappens()
    {
        Assert.Equal(0, CalibrationError.Expected([0.25f, 0.25f, 0.25f, 0.25f], [true, false, false, false], 1), 1e-7);
        Assert.Equal(0.5, CalibrationError.Expected([0.5f, 0.5f, 0.5f, 0.5f], [true, true, true, true], 2), 1e-7);
    }

    [Fact]
    public void Fit_Languages_AreKnownBySingleWords()
    {
        string[] texts = ["the house is on the hill", "das Haus steht auf dem Berg", "la maison est sur la colline", "the dog runs fast", "der Hund rennt schnell", "le chien court vite"];
        var model = LanguageTraining.Fit(texts, ["en", "de", "fr", "en", "de", "fr"], null, CancellationToken.None);
        var (workspace, scores) = (new TextWorkspace(), new float[3]);

        foreach (var (word, language) in (ReadOnlySpan<(string, string)>)[("house", "en"), ("Haus", "de"), ("maison", "fr"), ("schnelle", "de")])
        {
            model.Score(word, workspace, scores);
            Assert.Equal(language, model.Labels[scores.AsSpan().IndexOfMax()]);
        }
    }

    [Theory]
    [InlineData(TextObfuscation.AddedSpace, "h a t e t h e m")]
    [InlineData(TextObfuscation.MissingSpace, "hatethem")]
    [InlineData(TextObfuscation.Leetspeak, "h473 7h3m")]
    public void Apply_EveryWord_IsHidden(TextObfuscation kind, string expected)
    {
        Assert.Equal(expected, TextObfuscator.Apply("hate them", kind, 1, 1));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static TextWorkspace Featurized(TextModel model, string text)
    {
        var workspace = new TextWorkspace();
        model.Featurizer.Featurize(text, workspace);
        return workspace;
    }

    private static LabelledTexts Data(int labels, bool isExclusive)
    {
        var random = new Random(11);
        var (texts, positive) = (new List<string>(), new List<bool>());
        for (var row = 0; row < 240; row++)
        {
            var label = row % labels;
            var words = Enumerable.Range(0, 4).Select(_ => Kind[random.Next(Kind.Length)]).Append($"n{row}");
            texts.Add(string.Join(' ', label < Foul.Length && label != labels - 1 ? words.Append(Foul[(label * 2) + random.Next(2)]) : words));
            positive.AddRange(Enumerable.Range(0, labels).Select(other => other == label && (isExclusive || label != labels - 1)));
        }

        string[] names = [.. Enumerable.Range(0, labels).Select(static label => $"label{label}")];
        if (!isExclusive)
        {
            // The last label is of rows that have another one too.
            for (var row = 0; row < 240; row += 4)
            {
                positive[(row * labels) + labels - 1] = true;
            }
        }

        return new LabelledTexts(texts, new LabelMatrix(names, [.. positive], isExclusive));
    }
}
