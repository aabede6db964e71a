using Xunit;

namespace ZeroWorld.ML.Features.Tests.Text;

public sealed class UnmarkedLettersTests
{
    [Theory]
    [InlineData("\u010celo", "celo")]
    [InlineData("m\u00fcde", "mude")]
    [InlineData("ti\u1ebfng", "tieng")]
    [InlineData("o\u0301l\u00f9", "olu")]
    [InlineData("\u1ecdj\u1ecd\u0301", "ojo")]
    [InlineData("l'\u00e9t\u00e9.", "l'ete.")]
    public void Of_WordWithMarks_IsItsLettersAlone(string word, string expected) => Assert.Equal(expected, UnmarkedLetters.Of(word));

    [Theory]
    [InlineData("plain")]
    [InlineData("\u00f8l")]
    [InlineData("\u0161\u043a")]
    [InlineData("\u0439")]
    [InlineData("\u0915\u093e")]
    [InlineData("\u0301")]
    [InlineData("12")]
    [InlineData("")]
    public void Of_NoMarkOrOtherLetters_HasNoOtherSpelling(string word) => Assert.Null(UnmarkedLetters.Of(word));
}
