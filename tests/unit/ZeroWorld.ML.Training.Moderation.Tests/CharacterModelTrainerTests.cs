using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class CharacterModelTrainerTests : IDisposable
{
    private const double Discount = 2;
    private static readonly string[] Languages = ["a", "b", "c"];
    private static readonly string[] Texts = ["the cat sat on the hat", "der hund sitzt", "le chat est la", "that hat", "das hat der hund", "elle chante"];
    private static readonly TextFeaturizer Featurizer = new(new TextFeaturizerSettings
    {
        Bits = 22, CharacterMin = 1, CharacterMax = 3, WordWeight = 0, FoldedWeight = 0, SqueezedWeight = 0, ShapeWeight = 0,
    });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-characters-");

    // An independent oracle: the interpolated chance of each character by its definition, over strings.
    [Theory]
    [InlineData("that")]
    [InlineData("hunde")]
    [InlineData("chat")]
    [InlineData("tund")]
    [InlineData("hunda")]
    public void Fit_Word_IsScoredAsByTheDefinition(string word)
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);

        var weights = CharacterModelTrainer.Fit(Featurizer, Texts, labels, Discount, cancellationToken: TestContext.Current.CancellationToken);

        var (workspace, margins) = (new TextWorkspace(), new float[3]);
        var ngrams = new List<CharacterNgram>();
        Featurizer.CharacterNgrams(word, workspace, ngrams);
        foreach (var ngram in ngrams.Where(ngram => ngram.Key != SpaceKey()))
        {
            for (var label = 0; label < 3; label++)
            {
                margins[label] += weights[ngram.Id, label];
            }
        }

        double[] expected = [.. Enumerable.Range(0, 3).Select(label => Oracle(word, label))];
        for (var label = 1; label < 3; label++)
        {
            Assert.Equal(expected[label] - expected[0], margins[label] - margins[0], 1e-3);
        }
    }

    [Fact]
    public void CharacterNgrams_Text_AreTheFeaturesAndTheSpaceBehindEachWord()
    {
        var (workspace, ngrams) = (new TextWorkspace(), new List<CharacterNgram>());
        Featurizer.Featurize("ab a", workspace);
        var features = workspace.Ids.ToArray();

        Featurizer.CharacterNgrams("ab a", workspace, ngrams);

        // a, b, a and two spaces; _a, ab, b_, _a, a_; _ab, ab_, _a_.
        Assert.Equal([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3], ngrams.Select(static ngram => ngram.Length));
        Assert.Equal(2, ngrams.Count(static ngram => ngram.Key == SpaceKey()));
        Assert.Equal(features.Order(), ngrams.Where(static ngram => ngram.Key != SpaceKey()).Select(static ngram => ngram.Id).Distinct().Order());
        var keys = ngrams.Select(static ngram => ngram.Key).ToHashSet();
        Assert.All(ngrams.Where(static ngram => ngram.Length > 1), ngram => Assert.Contains(ngram.SuffixKey, keys));
    }

    [Fact]
    public void Read_ModelOfFewIds_KeepsNoRoomForTheOthersAndScoresAlike()
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);
        var featurizer = new TextFeaturizer(Featurizer.Settings with { Bits = 24 });
        var model = new TextModel(featurizer, labels.Names, true, CharacterModelTrainer.Fit(featurizer, Texts, labels, cancellationToken: TestContext.Current.CancellationToken), Calibration.Identity(3));
        var path = Path.Combine(_folder.FullName, "model.bin");
        TextModelFile.Write(path, model);

        var read = TextModelFile.Read(path);

        var workspace = new TextWorkspace();
        foreach (var text in Texts.Append("").Append("nothing of it: \u4e2d"))
        {
            var (one, other) = (new float[3], new float[3]);
            model.Score(text, workspace, one);
            read.Score(text, workspace, other);
            Assert.Equal(one, other);
        }
    }

    [Fact]
    public void Fit_TwoLanguagesWithTheSameTexts_AnswersTheOneInEverydayUse()
    {
        string[] texts = ["una casa grande", "una casa grande", "ein gro\u00dfes Haus"];
        var model = LanguageTraining.Fit(texts, ["cbk", "spa", "deu"], null, TestContext.Current.CancellationToken);

        var scores = new float[3];
        model.Score("una casa grande", new TextWorkspace(), scores);

        Assert.Equal("spa", model.Labels[scores.AsSpan().IndexOfMax()]);
        Assert.True(scores[model.Labels.ToList().IndexOf("cbk")] > scores[model.Labels.ToList().IndexOf("deu")]);
    }

    // A long text's probabilities are 0 but for one label: choosing among those of the others would give the first.
    [Fact]
    public void LimitedTo_LongTextOfAnotherLabel_AnswersTheNearestOfThose()
    {
        string[] names = ["a", "b", "c"];
        var labels = LabelMatrix.OfClasses(names);
        var model = new TextModel(
            Featurizer, names, true,
            CharacterModelTrainer.Fit(Featurizer, ["zzzz qqqq", "the cat sat on a mat", "the cat sat there"], labels, cancellationToken: TestContext.Current.CancellationToken), new Calibration([1_000, 1_000, 1_000], [0, 0, 0]));
        var (workspace, all, some) = (new TextWorkspace(), new float[3], new float[3]);
        const string Text = "the cat sat there, the cat sat there";

        model.Score(Text, workspace, all);
        model.LimitedTo(["a", "b"]).Score(Text, workspace, some);

        Assert.Equal([0f, 0f, 1f], all);
        Assert.Equal([0f, 1f, 0f], some);
        Assert.Throws<ArgumentException>(() => model.LimitedTo(["d"]));
        Assert.Throws<ArgumentException>(() => model.LimitedTo([]));
    }

    [Fact]
    public void Score_Priors_WeighOnShortTextsAndNotOnLongOnesNorOnLabelsThatAreNamed()
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);
        var featurizer = new TextFeaturizer(Featurizer.Settings with { AreCharactersCounted = true });
        var plain = new TextModel(featurizer, labels.Names, true, CharacterModelTrainer.Fit(featurizer, Texts, labels, cancellationToken: TestContext.Current.CancellationToken), Calibration.Identity(3));
        var model = plain with { Priors = new TextPriors([-3, 0, 0], 10, 28) };
        var path = Path.Combine(_folder.FullName, "priors.bin");
        TextModelFile.Write(path, model, isCompact: true);
        var read = TextModelFile.Read(path);

        // Of six letters and the spaces at both ends there are 19 features: half of the way.
        Assert.Equal(-1.5, Behind(model, "abcdef") - Behind(plain, "abcdef"), 1e-3);
        Assert.Equal(-3, Behind(model, "ab") - Behind(plain, "ab"), 1e-3);
        Assert.Equal(0, Behind(model, "abcdef abcdef abcdef") - Behind(plain, "abcdef abcdef abcdef"), 1e-3);
        Assert.Equal(Behind(plain, "ab"), Behind(model.LimitedTo(labels.Names.ToArray()), "ab"), 1e-3);
        Assert.Equal(Behind(model, "ab"), Behind(read, "ab"), 2e-2);
        Assert.Equal((10f, 28f), (read.Priors!.Whole, read.Priors.Gone));
        Assert.Throws<ArgumentException>(() => TextModelFile.Write(path, model));
    }

    private static double Behind(TextModel model, string text)
    {
        var scores = new float[3];
        model.Score(text, new TextWorkspace(), scores);
        return Math.Log(scores[0] / (double)scores[1]);
    }

    [Theory]
    [InlineData("fra", "deu,eng,fra", "deu eng fra")]
    [InlineData("xxx", "deu,eng,xxx", null)]
    public void Read_OnlySomeLanguages_ReadsTheseOrNamesTheAbsent(string last, string only, string? expected)
    {
        var tatoeba = _folder.CreateSubdirectory("langid-tatoeba").FullName;
        foreach (var language in (string[])["deu", "fra", "spa"])
        {
            File.WriteAllText(Path.Combine(tatoeba, $"tatoeba.{language}-eng.{language}"), $"text of {language}\n");
            File.WriteAllText(Path.Combine(tatoeba, $"tatoeba.{language}-eng.eng"), $"English of {language}\n");
        }

        if (expected is null)
        {
            Assert.Contains($"'{last}'", Assert.Throws<TrainingException>(() => LanguageTraining.Read(_folder.FullName, only.Split(','))).Message, StringComparison.Ordinal);
            return;
        }

        var (texts, languages) = LanguageTraining.Read(_folder.FullName, only.Split(','));

        Assert.Equal(expected.Split(' '), languages.Distinct().Order(StringComparer.Ordinal));
        Assert.Contains($"text of {last}", texts);
        Assert.DoesNotContain("text of spa", texts);
    }

    [Fact]
    public void Read_CompactFile_ScoresWithinItsSteps()
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);
        var model = new TextModel(Featurizer, labels.Names, true, CharacterModelTrainer.Fit(Featurizer, Texts, labels, cancellationToken: TestContext.Current.CancellationToken), Calibration.Identity(3));
        var (plain, compact) = (Path.Combine(_folder.FullName, "plain.bin"), Path.Combine(_folder.FullName, "compact.bin"));
        TextModelFile.Write(plain, model);
        TextModelFile.Write(compact, model, isCompact: true);

        var read = TextModelFile.Read(compact);

        var workspace = new TextWorkspace();
        foreach (var text in Texts.Append("").Append("nothing of it: \u4e2d"))
        {
            var (one, other) = (new float[3], new float[3]);
            model.Score(text, workspace, one);
            read.Score(text, workspace, other);
            Assert.All(one.Zip(other), static pair => Assert.Equal(pair.First, pair.Second, 2e-3));
        }

        Assert.True(new FileInfo(compact).Length < new FileInfo(plain).Length);
    }

    [Theory]
    [InlineData(0.33)]
    [InlineData(0.01)]
    public void Read_CompactFileThatEndsEarly_SaysSo(double lost)
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);
        var path = Path.Combine(_folder.FullName, "compact.bin");
        TextModelFile.Write(path, new TextModel(Featurizer, labels.Names, true, CharacterModelTrainer.Fit(Featurizer, Texts, labels, cancellationToken: TestContext.Current.CancellationToken), Calibration.Identity(3)), isCompact: true);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^(int)(bytes.Length * lost)]);

        Assert.Contains("text model", Assert.Throws<TrainingException>(() => TextModelFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileWithMoreRowsThanItHas_SaysSo()
    {
        var labels = LabelMatrix.OfClasses([.. Languages, .. Languages]);
        var path = Path.Combine(_folder.FullName, "model.bin");
        TextModelFile.Write(path, new TextModel(Featurizer, labels.Names, true, CharacterModelTrainer.Fit(Featurizer, Texts, labels, cancellationToken: TestContext.Current.CancellationToken), Calibration.Identity(3)));
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(file.Length - 1);
        }

        var error = Assert.Throws<TrainingException>(() => TextModelFile.Read(path));

        Assert.Contains("expected at most", error.Message);
    }

    [Fact]
    public void Fit_LabelWithoutCharacters_IsRefusedByName()
    {
        var labels = LabelMatrix.OfClasses(["a", "b", "c"]);

        var error = Assert.Throws<TrainingException>(() => CharacterModelTrainer.Fit(Featurizer, ["x", "", "y"], labels, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("label 'b'", error.Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static uint SpaceKey()
    {
        var ngrams = new List<CharacterNgram>();
        Featurizer.CharacterNgrams("a", new TextWorkspace(), ngrams);
        return ngrams[1].Key;
    }

    // ln of the chance of each character of the word after those before it, up to two, the space in front of the word among them and the one behind it, whether or not any text has them in this order.
    private static double Oracle(string word, int label)
    {
        var all = Enumerable.Range(0, 3).Select(static language => Count(language)).ToArray();
        var (sum, text) = (0.0, $" {word} ");
        var alphabet = all.SelectMany(static counts => counts.Keys).Where(static gram => gram.Length == 1).Distinct().Count();
        for (var place = 1; place < text.Length; place++)
        {
            sum += Math.Log(Chance(text[Math.Max(0, place - 2)..(place + 1)]));
        }

        return sum;

        double Chance(string gram)
        {
            var shorter = gram.Length == 1 ? 1.0 / alphabet : Chance(gram[1..]);
            var after = all[label].Where(pair => pair.Key.Length == gram.Length && pair.Key[..^1] == gram[..^1]).ToArray();
            var total = after.Sum(static pair => pair.Value);
            var escape = Discount * (1 + (0.5 * Math.Max(gram.Length - 2, 0))) * after.Length;
            return total == 0 ? shorter : (all[label].GetValueOrDefault(gram) + (escape * shorter)) / (total + escape);
        }
    }

    private static Dictionary<string, double> Count(int language)
    {
        var counts = new Dictionary<string, double>();
        foreach (var word in Texts.Where((_, row) => row % 3 == language).SelectMany(static text => text.Split(' ')).GroupBy(static word => word))
        {
            var text = $" {word.Key} ";
            for (var place = 1; place < text.Length; place++)
            {
                for (var length = 1; length <= 3 && place - length + 1 >= 0; length++)
                {
                    var gram = text.Substring(place - length + 1, length);
                    counts[gram] = counts.GetValueOrDefault(gram) + Math.Sqrt(word.Count());
                }
            }
        }

        return counts;
    }
}
