using Xunit;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation.Tests;

public sealed class SerbianScriptsTests
{
    [Theory]
    [InlineData("Ljubav je džep, njiva i đak!", "љубав је џеп, њива и ђак!")]
    [InlineData("čćžš xyz 12", "чћжш xyз 12")]
    [InlineData("l", "л")]
    [InlineData("", "")]
    public void InOther_LatinText_IsCyrillicLetterByLetter(string text, string expected) => Assert.Equal(expected, SerbianScripts.InOther(text));

    [Fact]
    public void InOther_CyrillicText_IsLatinLetterByLetter()
    {
        Assert.Equal("ljubav je džep, njiva i đak!", SerbianScripts.InOther("Љубав је џеп, њива и ђак!"));
        Assert.Equal("абвгдђежзијклљмнњопрстћуфхцчџш", SerbianScripts.InOther(SerbianScripts.InOther("абвгдђежзијклљмнњопрстћуфхцчџш")));
    }

    [Theory]
    [InlineData("добро јутро")]
    [InlineData("dobro jutro")]
    public void Fit_SerbianOfOneAlphabet_IsNamedInBoth(string text)
    {
        string[] texts = ["dobro jutro moj prijatelju", "как дела мой друг сегодня", "dobré ráno můj příteli"];
        var model = LanguageTraining.Fit(texts, ["srp", "rus", "ces"], null, TestContext.Current.CancellationToken);

        var scores = new float[model.Labels.Count];
        model.Score(text, new TextWorkspace(), scores);

        Assert.Equal("srp", LanguageTraining.LanguageOf(model.Labels[scores.AsSpan().IndexOfMax()]));
    }
}
