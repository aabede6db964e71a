namespace ZeroWorld.ML.Features.Tests;

public sealed class ErasureListTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_NothingDeleted_KnowsNoEntityAndMakesNoFile()
    {
        var erasures = new ErasureList(_folder.Path).Of("default");

        Assert.False(erasures.Has("customer"));
        Assert.Equal(long.MinValue, erasures.UntilOf("customer", "i7"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Add_SeveralDeletions_AreKnownToEveryListByProjectEntityAndKey()
    {
        var list = new ErasureList(_folder.Path);
        var reader = new ErasureList(_folder.Path);
        list.Add(new EntityId("default", "customer", "i7"), 10);
        _ = reader.Of("default");

        var token = list.Add(new EntityId("default", "customer", "i7"), 20);
        list.Add(new EntityId("default", "customer", "i7"), 15);
        list.Add(new EntityId("default", "terminal", "i8"), 5);
        list.Add(new EntityId("other", "customer", "i9"), 6);

        Assert.Equal(token, list.Add(new EntityId("default", "customer", "i7"), 1));
        foreach (var known in new[] { list.Of("default"), new ErasureList(_folder.Path).Of("default") })
        {
            Assert.Equal([20, long.MinValue, 5, long.MinValue], [known.UntilOf("customer", "i7"), known.UntilOf("customer", "s7"), known.UntilOf("terminal", "i8"), known.UntilOf("customer", "i9")]);
        }
    }

    [Fact]
    public void Add_AnEntity_WritesNoKeyOfIt()
    {
        new ErasureList(_folder.Path).Add(new EntityId("default", "customer", "i4961"), 10);

        var text = File.ReadAllText(Path.Combine(_folder.Path, "erasure", "default.list"));
        Assert.DoesNotContain("4961", text.Split('\n')[1].Split(' ')[0], StringComparison.Ordinal);
        Assert.Matches("^erasures 1\ncustomer [0-9a-f]{64} 10\n$", text);
    }

    [Theory]
    [InlineData("erasures 2\n")]
    [InlineData("erasures 1\ncustomer short 10\n")]
    [InlineData("erasures 1\ncustomer\n")]
    public void Of_DamagedList_IsRefused(string text)
    {
        var list = new ErasureList(_folder.Path);
        list.Add(new EntityId("default", "customer", "i7"), 10);
        File.WriteAllText(Path.Combine(_folder.Path, "erasure", "default.list"), text);

        Assert.Equal(FeatureError.CorruptData, Assert.Throws<FeatureException>(() => new ErasureList(_folder.Path).Of("default")).Error);
    }

    [Fact]
    public void Of_SecretGone_IsRefusedAndNoNewOneIsMade()
    {
        new ErasureList(_folder.Path).Add(new EntityId("default", "customer", "i7"), 10);
        File.Delete(Path.Combine(_folder.Path, "erasure", "secret"));
        var list = new ErasureList(_folder.Path);

        Assert.Equal(FeatureError.CorruptData, Assert.Throws<FeatureException>(() => list.Of("default")).Error);
        Assert.Equal(FeatureError.CorruptData, Assert.Throws<FeatureException>(() => list.Add(new EntityId("default", "customer", "i8"), 10)).Error);
    }
}
