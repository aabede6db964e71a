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

    [Theory]
    [InlineData("recall=0.5", "precision=0.1", true)]
    [InlineData("precision=0.1", "recall=0.5", false)]
    public async Task RunAsync_BlockingBeginsBelowReview_TheRuleSaysThatNothingIsReviewed(string review, string block, bool isLowered)
    {
        var request = new ModerationTrainingRequest
        {
            Model = new ModelName("default", "text"), Data = Data(2, true), OutputDirectory = Path.Combine(_folder.FullName, "package"), Features = new TextFeaturizerSettings { Bits = 14 },
            Review = ThresholdGoal.Parse(review), Block = ThresholdGoal.Parse(block),
        };

        var result = await ModerationTraining.RunAsync(request, new OnnxSparseScorer(), TimeProvider.System, null, TestContext.Current.CancellationToken);

        Assert.All(result.Policy.Rules, rule => Assert.Equal((isLowered, isLowered), (rule.Review == rule.Block, rule.ChosenFor!.Contains("nothing waits for review", StringComparison.Ordinal))));
    }

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
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"absent","review":0.5,"block":0.9}]}""", "no label 'absent'")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"a","review":0.9,"block":0.5}]}""", "review 0.9 and block 0.5")]
    [InlineData("""{"name":"p","version":0,"model":"m","rules":[]}""", "version 0")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[],"colour":1}""", "colour")]
    [InlineData("""{"name":"p","version":1,"model":"m","rules":[{"label":"a","review":0.1,"block":0.2},{"label":"a","review":0.1,"block":0.3}]}""", "already")]
    [InlineData("no json", "invalid JSON")]
    public void Parse_WrongPolicy_SaysWhatIsWrong(string json, string part)
    {
        var error = Assert.Throws<TrainingException>(() => ModerationPolicy.Parse(System.Text.Encoding.UTF8.GetBytes(json), ["a", "b"], "test"));

        Assert.Equal(TrainingError.InvalidInput, error.Error);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void Decide_RulesOfLanguageAndSurface_TheMostSpecificCounts()
    {
        var policy = new ModerationPolicy
        {
            Name = "p",
            Version = 1,
            Model = "m",
            Rules =
            [
                new ModerationRule("a", 0.5, 0.9),
                new ModerationRule("a", 0.2, 0.3) { Language = "de" },
                new ModerationRule("a", 0.7, 0.95) { Surface = "profile" },
                new ModerationRule("b", 0.6, Thresholds.Never),
            ],
        };

        Assert.Equal((ModerationAction.Review, 0), policy.Decide(["a", "b"], [0.6f, 0.1f], "", "comment"));
        Assert.Equal((ModerationAction.Block, 0), policy.Decide(["a", "b"], [0.35f, 0.9f], "de", "profile"));
        Assert.Equal((ModerationAction.Allow, -1), policy.Decide(["a", "b"], [0.6f, 0.1f], "fr", "profile"));
        Assert.Equal((ModerationAction.Review, 1), policy.Decide(["a", "b"], [0.1f, 1f], "", ""));
    }

    [Fact]
    public void Choose_Goals_GiveTheThresholdsOfTheDefinition()
    {
        float[] scores = [0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f];
        bool[] positives = [false, false, true, false, true, false, true, true];

        Assert.Equal(0.7, Thresholds.Choose(scores, positives, ThresholdGoal.Parse("precision=0.9")).Threshold, 1e-6);
        Assert.Equal(0.5, Thresholds.Choose(scores, positives, ThresholdGoal.Parse("recall=0.75")).Threshold, 1e-6);
        Assert.Equal(0.3, Thresholds.Choose(scores, positives, ThresholdGoal.Parse("cost=10")).Threshold, 1e-6);
        Assert.Throws<TrainingException>(() => Thresholds.Choose(scores, new bool[8], ThresholdGoal.Parse("recall=0.5")));
        Assert.Throws<TrainingException>(() => ThresholdGoal.Parse("recall=1.5"));
    }

    [Theory]
    [InlineData("precision=0.9")]
    [InlineData("recall=0.8")]
    public void Choose_Goal_HoldsOnMostFurtherSamples(string goal)
    {
        var random = new Random(11);
        var asked = ThresholdGoal.Parse(goal);
        var reached = 0;
        for (var sample = 0; sample < 200; sample++)
        {
            var (scores, positives) = Sample(400);
            var (furtherScores, further) = Sample(20_000);

            var threshold = Thresholds.Choose(scores, positives, asked).Threshold;

            var flagged = furtherScores.Count(score => score >= threshold);
            var found = Enumerable.Range(0, further.Length).Count(row => further[row] && furtherScores[row] >= threshold);
            reached += (double)found / (asked.Kind == ThresholdGoalKind.Precision ? flagged : further.Count(static isPositive => isPositive)) >= asked.Value ? 1 : 0;
        }

        // By what the samples themselves give it would be about half.
        Assert.InRange(reached, 150, 200);

        (float[] Scores, bool[] Positives) Sample(int rows)
        {
            float[] scores = [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle())];
            return (scores, [.. scores.Select(score => random.NextSingle() < score)]);
        }
    }

    [Fact]
    public void Choose_FewRows_IsByWhatTheyGive()
    {
        float[] scores = [0.1f, 0.2f, 0.8f, 0.9f];

        // Two of two are no sign of 0.99; none of the thresholds would be.
        Assert.Equal(0.8, Thresholds.Choose(scores, [false, false, true, true], ThresholdGoal.Parse("precision=0.99")).Threshold, 1e-6);
    }

    [Fact]
    public void Map_NewScores_FlagAsManyAsBefore()
    {
        var random = new Random(3);
        float[] old = [.. Enumerable.Range(0, 1_000).Select(_ => random.NextSingle())];
        float[] next = [.. old.Select(static score => (score * score * 0.5f) + 0.1f)];

        var threshold = Thresholds.Map(old, next, 0.8);

        Assert.Equal(old.Count(static score => score >= 0.8f), next.Count(score => score >= threshold));
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
