using ZeroWorld.ML.Features;
using Xunit;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class LanguageScriptsTests
{
    private const string Latin = "kuda ide ovaj voz";
    private const string Cyrillic = "\u043a\u0443\u0434\u0430 \u0438\u0434\u0435 \u043e\u0432\u0430\u0458 \u0432\u043e\u0437";

    [Fact]
    public void Labels_TwoAlphabets_AreALabelEach()
    {
        var labels = LanguageScripts.Labels([Latin, Cyrillic, Latin, "wohin geht es"], ["srp", "srp", "srp", "deu"]);

        Assert.Equal(["srp", "srp-Cyrl", "srp", "deu"], labels);
        Assert.Equal(["srp", "srp", "srp", "deu"], labels.Select(static label => LanguageTraining.LanguageOf(label!)));
    }

    [Fact]
    public void Labels_AlphabetOfFewTexts_IsLeftOut()
    {
        string[] texts = [.. Enumerable.Repeat(Cyrillic, 40), Latin];

        var labels = LanguageScripts.Labels(texts, [.. texts.Select(static _ => "rus")]);

        Assert.Null(labels[^1]);
        Assert.All(labels[..^1], static label => Assert.Equal("rus", label));
    }

    [Fact]
    public void Labels_AlphabetOfOneLanguage_HasNoName() =>
        Assert.Equal(["jpn", "jpn"], LanguageScripts.Labels(["\u3053\u308c", "\u6c34"], ["jpn", "jpn"]));

    [Fact]
    public void Fit_TwoAlphabets_NamesWordsOfEach()
    {
        string[] texts = [Latin, Cyrillic, "wohin geht dieser zug", "o\u00f9 va ce train"];

        var model = LanguageTraining.Fit([.. texts, .. texts], [.. Enumerable.Repeat<string[]>(["srp", "srp", "deu", "fra"], 2).SelectMany(static of => of)], null, TestContext.Current.CancellationToken);

        string Named(string text)
        {
            var scores = new float[model.Labels.Count];
            model.Score(text, new TextWorkspace(), scores);
            return LanguageTraining.LanguageOf(model.Labels[scores.AsSpan().IndexOf(scores.Max())]);
        }

        Assert.Equal(["deu", "fra", "srp", "srp-Cyrl"], model.Labels);
        Assert.Equal(["srp", "srp", "deu", "fra"], new[] { "ovaj", "\u043e\u0432\u0430\u0458", "dieser", "train" }.Select(Named));
        Assert.Equal("fra", Named("ou"));
    }

    [Fact]
    public void WordsAlone_Ideographs_AreWordsOfOneToThreeSigns() =>
        Assert.Equal("\u6211 \u4eec\u660e \u5929\u53bb\u770b \u4ed6 ok", LanguageCorpus.WordsAlone("\u6211\u4eec\u660e\u5929\u53bb\u770b\u4ed6, ok!"));

    [Fact]
    public void Words_OneIdeograph_IsAWord() => Assert.Equal(["\u6c34", "ok"], LanguageCorpus.Words("\u6c34 a ok"));
}
