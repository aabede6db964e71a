using System.Text;
using Xunit;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Pipelines.Tests.Moderation;

public sealed class ModerationItemTests
{
    [Theory]
    [InlineData("", "the item is empty; expected an object with id and text (of an entry of a stream: in its field body)")]
    [InlineData("[]", "the item is a JSON Array; expected an object with id and text")]
    [InlineData("{\"id\":\"a\",\"text\":\"b\",\"language\":5}", "language: it is no string; expected a string, or none")]
    [InlineData("{\"id\":\"a\",\"text\":\"b\",\"surface\":[\"c\"]}", "surface: it is no string; expected a string, or none")]
    [InlineData("{\"id\":7,\"text\":\"b\"}", "id: it is absent or no string; expected a string")]
    [InlineData("{\"id\":\"a\",\"text\":null}", "text: it is absent or no string; expected a string")]
    public void TryParse_PoisonItem_SaysWhatIsWrong(string json, string expected)
    {
        Assert.Null(ModerationItem.TryParse(Encoding.UTF8.GetBytes(json), out var reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"id\":\"b\",\"text\":\"c\"}", "'id' is there twice")]
    [InlineData("{\"id\":\"a\",\"text\":\"b\",\"text\":\"c\"}", "'text' is there twice")]
    public void TryParse_PropertyTwice_IsRefused(string json, string expected)
    {
        Assert.Null(ModerationItem.TryParse(Encoding.UTF8.GetBytes(json), out var reason));
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.False(reason.EndsWith('.'), reason);
    }

    [Fact]
    public void TryParse_NoText_SaysWhichByteOrThatAPairIsHalf()
    {
        byte[] bytes = [.. "{\"id\":\"1\",\"text\":\"you "u8, 0xff, 0xfe, .. "\"}"u8];

        Assert.Null(ModerationItem.TryParse(bytes, out var reason));
        Assert.Null(ModerationItem.TryParse("""{"id":"1","text":"you \ud800 won"}"""u8.ToArray(), out var half));

        Assert.Equal("the item: byte 22 (0xff) is no part of a text in UTF-8; expected UTF-8", reason);
        Assert.Contains("half of a surrogate pair", half, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"text\":\"\"}", "", "")]
    [InlineData("{\"id\":\"a\",\"text\":\"\",\"language\":null,\"surface\":\"comment\",\"other\":1}", "", "comment")]
    [InlineData("{\"id\":\"a\",\"text\":\"\",\"language\":\"de\"}", "de", "")]
    public void TryParse_Item_HasItsLanguageAndSurface(string json, string language, string surface) =>
        Assert.Equal(new ModerationItem("a", "", language, surface), ModerationItem.TryParse(Encoding.UTF8.GetBytes(json), out _));
}
