using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Storage.Tests;

/// <summary>What an object store promises, against each server of S3.</summary>
public abstract class ObjectStoreContract(BucketFixture bucket) : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [InlineData(5 << 20)]
    [InlineData((5 << 20) + 1)]
    [InlineData(17_000_003)]
    public async Task PutFileAsync_AnySize_IsReadBackByteForByte(int bytes)
    {
        using var store = await bucket.OpenAsync(Cancellation);
        var path = Write("source", bytes);

        await store.PutFileAsync("a/file", path, "note 1", Cancellation);
        await store.GetFileAsync("a/file", null, _folder.Combine("copy"), Cancellation);

        Assert.Equal(await File.ReadAllBytesAsync(path, Cancellation), await File.ReadAllBytesAsync(_folder.Combine("copy"), Cancellation));
        Assert.Equal("note 1", await store.ReadTagAsync("a/file", Cancellation));
        var listed = Assert.Single(await store.ListAsync("", Cancellation).ToListAsync());
        Assert.Equal(("a/file", (long)bytes), (listed.Key, listed.Bytes));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("with space/and+plus")]
    [InlineData("project=default/date=2018-08-08/part-0.parquet")]
    [InlineData("\u00e4\u00f6 \u4e2d/100%")]
    public async Task PutTextAsync_AnyName_IsFoundByIt(string key)
    {
        using var store = await bucket.OpenAsync(Cancellation);

        Assert.Null(await store.FindTextAsync(key, Cancellation));
        await store.PutTextAsync(key, "a\u00e4\n", Cancellation);

        Assert.Equal("a\u00e4\n", await store.FindTextAsync(key, Cancellation));
        Assert.Equal(key, Assert.Single(await store.ListAsync("", Cancellation).ToListAsync()).Key);
        await store.DeleteAsync(key, Cancellation);
        await store.DeleteAsync(key, Cancellation);
        Assert.Null(await store.FindTextAsync(key, Cancellation));
    }

    [Fact]
    public async Task ListAsync_MoreThanAPage_GivesEachNameOnceInOrder()
    {
        using var store = await bucket.OpenAsync(Cancellation, static options => options.ListPageSize = 7);
        string[] names = [.. Enumerable.Range(0, 30).Select(static number => $"t/{number:D2}/x"), "u/0"];
        foreach (var name in names)
        {
            await store.PutTextAsync(name, name, Cancellation);
        }

        Assert.Equal(names, (await store.ListAsync("", Cancellation).ToListAsync()).Select(static item => item.Key));
        Assert.Equal(names[10..20], (await store.ListAsync("t/1", Cancellation).ToListAsync()).Select(static item => item.Key));
        Assert.Equal(Enumerable.Range(0, 30).Select(static number => $"t/{number:D2}"), await store.ListFoldersAsync("t/", Cancellation));
        Assert.Equal(["t", "u"], await store.ListFoldersAsync("", Cancellation));
        Assert.Empty(await store.ListFoldersAsync("nothing/", Cancellation));
    }

    [Fact]
    public async Task GetFileAsync_OfAReplacedVersion_SaysThatItChanged()
    {
        using var store = await bucket.OpenAsync(Cancellation);
        await store.PutTextAsync("a", "1", Cancellation);
        var old = Assert.Single(await store.ListAsync("a", Cancellation).ToListAsync());
        await store.PutTextAsync("a", "2", Cancellation);

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.GetFileAsync("a", old.ETag, _folder.Combine("copy"), Cancellation));

        Assert.Equal(ObjectStoreError.Changed, exception.Error);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData((5 << 20) + 1)]
    public async Task ReplaceFileAsync_OfTheVersionThatWasRead_TakesItsPlace(int bytes)
    {
        using var store = await bucket.OpenAsync(Cancellation);
        await store.PutTextAsync("a", "1", Cancellation);
        var old = Assert.Single(await store.ListAsync("a", Cancellation).ToListAsync());

        var written = await store.ReplaceFileAsync(old, Write("new", bytes), Cancellation);

        var listed = Assert.Single(await store.ListAsync("", Cancellation).ToListAsync());
        Assert.Equal((listed.Key, listed.Bytes, listed.ETag), (written.Key, written.Bytes, written.ETag));
        await store.GetFileAsync("a", written.ETag, _folder.Combine("copy"), Cancellation);
        Assert.Equal(await File.ReadAllBytesAsync(_folder.Combine("new"), Cancellation), await File.ReadAllBytesAsync(_folder.Combine("copy"), Cancellation));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData((5 << 20) + 1)]
    public async Task ReplaceFileAsync_OfAReplacedVersion_LeavesTheOtherOne(int bytes)
    {
        using var store = await bucket.OpenAsync(Cancellation);
        await store.PutTextAsync("a", "1", Cancellation);
        var old = Assert.Single(await store.ListAsync("a", Cancellation).ToListAsync());
        await store.PutTextAsync("a", "2", Cancellation);

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.ReplaceFileAsync(old, Write("new", bytes), Cancellation));

        Assert.Equal(ObjectStoreError.Changed, exception.Error);
        Assert.Equal("2", await store.FindTextAsync("a", Cancellation));
    }

    [Fact]
    public async Task GetFileAsync_OfNothing_IsNotFoundByName()
    {
        using var store = await bucket.OpenAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.GetFileAsync("nothing", null, _folder.Combine("copy"), Cancellation));

        Assert.Equal(ObjectStoreError.NotFound, exception.Error);
        Assert.Contains("'nothing'", exception.Message, StringComparison.Ordinal);
        Assert.Null(await store.ReadTagAsync("nothing", Cancellation));
    }

    [Fact]
    public async Task PutTextAsync_InABucketThatIsNotThere_NamesIt()
    {
        using var store = await bucket.OpenAsync(Cancellation, static options => options.Bucket = "other-bucket");

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutTextAsync("a", "1", Cancellation));

        Assert.Equal(ObjectStoreError.NoBucket, exception.Error);
        Assert.Contains("'other-bucket'", exception.Message, StringComparison.Ordinal);
    }

    private string Write(string name, int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        File.WriteAllBytes(_folder.Combine(name), content);
        return _folder.Combine(name);
    }
}

public sealed class TestServerObjectStoreTests(TestServerFixture bucket) : ObjectStoreContract(bucket), IClassFixture<TestServerFixture>;

public sealed class MotoObjectStoreTests(MotoFixture bucket) : ObjectStoreContract(bucket), IClassFixture<MotoFixture>;
