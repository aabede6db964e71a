using System.Text;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class CallMessageTests
{
    [Theory]
    [InlineData("x", 4096)]
    [InlineData("%", 1365)]
    [InlineData("\u00E9", 682)]
    [InlineData("\u540D", 455)]
    [InlineData("\U0001F600", 341)]
    public void Cut_TextThatJustFits_IsLeftAsItIs(string letter, int count)
    {
        var fits = Repeat(letter, count);

        Assert.Same(fits, CallMessage.Cut(fits));
        Assert.NotEqual(fits + letter, CallMessage.Cut(fits + letter));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("%")]
    [InlineData("\u0000")]
    [InlineData("\u00E9")]
    [InlineData("\u540D")]
    [InlineData("\U0001F600")]
    public void Cut_LongText_KeepsBothEndsOfWholeLetters(string letter) => AssertKeepsEnds(letter);

    [Fact]
    public void Cut_HalvesOfLetters_AreCutLikeLetters()
    {
        AssertKeepsEnds("\uD83D");
        AssertKeepsEnds("\uDE00");
    }

    private static void AssertKeepsEnds(string letter)
    {
        for (var before = 0; before < 4; before++)
        {
            var text = $"{new string('a', before)}{Repeat(letter, 100_000)}, which is wrong";

            var cut = CallMessage.Cut(text);

            // Little is thrown away beyond what must be, no letter is split, and cutting is done with.
            Assert.InRange(EncodedBytes(cut), CallMessage.EncodedBytesMax - 30, CallMessage.EncodedBytesMax);
            Assert.Equal($"{new string('a', before)}{letter}", cut[..(before + letter.Length)]);
            Assert.EndsWith($"{letter}, which is wrong", cut, StringComparison.Ordinal);
            Assert.Equal(string.Empty, cut.Replace(letter, "", StringComparison.Ordinal)[before..].Replace(" ... ", "", StringComparison.Ordinal).Replace(", which is wrong", "", StringComparison.Ordinal));
            Assert.Same(cut, CallMessage.Cut(cut));
        }
    }

    private static string Repeat(string letter, int count) => new StringBuilder().Insert(0, letter, count).ToString();

    private static int EncodedBytes(string text) => Encoding.UTF8.GetBytes(text).Sum(static item => item is >= (byte)' ' and <= (byte)'~' and not (byte)'%' ? 1 : 3);
}
