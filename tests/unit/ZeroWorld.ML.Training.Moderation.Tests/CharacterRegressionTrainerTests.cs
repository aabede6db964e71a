using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class CharacterRegressionTrainerTests
{
    private static readonly TextFeaturizer Featurizer = new(LanguageTraining.Features with { Bits = 18 });
    private static readonly string[] Labels = ["north", "south", "west"];
    private static readonly string[] Texts =
    [
        "ikke kjore hvordan kjenne tenke snakke", "icke kora hurdan kanna tanka snacka hur kora", "nao correr como conhecer pensar falar comer",
    ];

    [Fact]
    public void Fit_WordsOfNearRelations_TellsThemApart()
    {
        var weights = Fit(Texts);

        Assert.Equal("north", Likeliest(weights, "hvordan"));
        Assert.Equal("south", Likeliest(weights, "hurdan"));
        Assert.Equal("north", Likeliest(weights, "kjerne"));
        Assert.Equal("west", Likeliest(weights, "comprar"));
    }

    [Fact]
    public void Fit_NgramOfOneLabel_WeighsTheSameForAllOthers()
    {
        var weights = Fit(Texts);

        // kj is in words of the north only, rd in those of the north and the south.
        var (kj, rd) = (IdOf("kj"), IdOf("rd"));
        Assert.Equal(weights[kj, 1], weights[kj, 2]);
        Assert.True(weights[kj, 0] > weights[kj, 1]);
        Assert.NotEqual(weights[rd, 1], weights[rd, 2]);
    }

    [Fact]
    public void Fit_NgramOfOneWord_IsNotLearned()
    {
        var weights = Fit(Texts);

        // Snakke is the only word with akk.
        Assert.False(weights.HasRow(IdOf("akk")));
        Assert.True(weights.HasRow(IdOf("sna")));
    }

    [Fact]
    public void Fit_LabelOfManyWords_CountsNoMoreThanOthers()
    {
        string[] texts = ["alpha beta gamma", "alpha beta gamma " + string.Join(' ', Enumerable.Range(0, 200).Select(static number => $"{(char)('a' + (number % 26))}xy{(char)('a' + (number / 26))}")), "other words of them"];

        var weights = Fit(texts);

        Assert.Equal("north", Likeliest(weights, "gamma"));
    }

    [Fact]
    public void Fit_WordOfOneLetterRepeated_StaysFinite()
    {
        var weights = Fit([.. Texts.Select(static (text, row) => $"{text} {new string((char)('x' + row), 2_000)} {new string((char)('x' + row), 3_000)}")]);

        Assert.All(weights.RowOf(IdOf("rd")).ToArray(), static weight => Assert.True(float.IsFinite(weight)));
        Assert.Equal("south", Likeliest(weights, "yyyy"));
    }

    [Fact]
    public void Fit_Twice_GivesTheSameWeights()
    {
        var (one, other) = (Fit(Texts), Fit(Texts));

        var id = IdOf("rd");
        Assert.Equal(one.RowOf(id).ToArray(), other.RowOf(id).ToArray());
        Assert.Contains(one.RowOf(id).ToArray(), static weight => weight != 0);
    }

    private static LinearWeights Fit(string[] texts) => CharacterRegressionTrainer.Fit(
        Featurizer, WordCounts.Of(texts, LabelMatrix.OfClasses(Labels)), new Random(1), null, TestContext.Current.CancellationToken);

    private static string Likeliest(LinearWeights weights, string word)
    {
        var (workspace, margins) = (new TextWorkspace(), new float[3]);
        Featurizer.Featurize(word, workspace);
        weights.Score(workspace.Ids, workspace.Values, margins);
        return Labels[margins.AsSpan().IndexOfMax()];
    }

    // Of the n-grams of a word those of its own length are the last but two with a space at an end; the one without is between.
    private static int IdOf(string ngram)
    {
        var ngrams = new List<CharacterNgram>();
        Featurizer.CharacterNgrams(ngram, new TextWorkspace(), ngrams);
        return ngrams.Where(one => one.Length == ngram.Length).ElementAt(1).Id;
    }
}
