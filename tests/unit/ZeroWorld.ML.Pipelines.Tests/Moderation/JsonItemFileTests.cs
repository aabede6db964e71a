using System.Text;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Pipelines.Tests;

public sealed class JsonItemFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("\ufeff{1}\r\n{2}\r\n\r\n{3}\r\n", "{1}", "{2}", "", "{3}")]
    [InlineData("\ufeff\r\n{1}", "", "{1}")]
    [InlineData("\ufeff\n", "")]
    [InlineData("{1}\n\ufeff{2}\n\n{3}", "{1}", "\ufeff{2}", "", "{3}")]
    [InlineData("{1\r}\r\r\n", "{1\r}\r")]
    [InlineData("")]
    public void TryRead_AsOtherSystemsWriteLines_GivesWhatStandsInThem(string text, params string[] expected)
    {
        using var file = new JsonItemFile(Write(text));

        Assert.Equal(expected, Rest(file));
    }

    [Fact]
    public void Seek_ToAPlaceBetweenItems_GoesOnThere()
    {
        using var file = new JsonItemFile(Write("\ufeff{1}\r\n{2}\r\n{3}"));
        Assert.True(file.TryRead(out _));
        var place = file.Position;

        Assert.Equal(["{2}", "{3}"], Rest(file));
        file.Seek(place);
        Assert.Equal(["{2}", "{3}"], Rest(file));
        file.Seek(0);
        Assert.Equal(["{1}", "{2}", "{3}"], Rest(file));
    }

    private static List<string> Rest(JsonItemFile file)
    {
        var items = new List<string>();
        while (file.TryRead(out var item))
        {
            items.Add(Encoding.UTF8.GetString(item.Span));
        }

        return items;
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder.FullName, "items.jsonl");
        File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
        return path;
    }
}
