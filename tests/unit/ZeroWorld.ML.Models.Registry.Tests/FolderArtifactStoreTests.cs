using ZeroWorld.ML.Models.Tests;

namespace ZeroWorld.ML.Models.Registry.Tests;

public sealed class FolderArtifactStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FolderArtifactStore _store;

    public FolderArtifactStoreTests() => _store = new FolderArtifactStore(_folder.File("store"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PutAsync_File_LiesUnderItsDigest()
    {
        var digest = await PutAsync("abc");

        // The SHA-256 of "abc" as FIPS 180 gives it.
        Assert.Equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", digest);
        Assert.Equal(
            [_folder.File("store/sha256/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],
            Directory.GetFiles(_folder.File("store"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task PutAsync_SameBytesAtOnce_AreStoredOnce()
    {
        await File.WriteAllTextAsync(_folder.File("source"), new string('x', 1_000_000), Cancellation);

        var digests = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => _store.PutAsync(_folder.File("source"), Cancellation))));

        Assert.Single(digests.Distinct());
        Assert.Single(Directory.GetFiles(_folder.File("store"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task GetAsync_Stored_GivesTheBytesBack()
    {
        var digest = await PutAsync("abc");

        await _store.GetAsync(digest, _folder.File("copy"), Cancellation);

        Assert.Equal("abc", await File.ReadAllTextAsync(_folder.File("copy"), Cancellation));
    }

    [Fact]
    public async Task GetAsync_Damaged_IsCorruptAndLeavesNoFile()
    {
        var digest = await PutAsync("abc");
        await File.WriteAllTextAsync(_store.ToPath(digest), "abd", Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.GetAsync(digest, _folder.File("copy"), Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
        Assert.Equal([_folder.File("source")], Directory.GetFiles(_folder.Path));
        Assert.Equal(digest, await PutAsync("abc"));
        await _store.GetAsync(digest, _folder.File("copy"), Cancellation);
    }

    [Fact]
    public async Task PutAsync_LeftoversOfADayAgo_AreRemoved()
    {
        var incoming = Directory.CreateDirectory(_folder.File("store/incoming"));
        File.WriteAllText(Path.Combine(incoming.FullName, "old"), "x");
        File.WriteAllText(Path.Combine(incoming.FullName, "young"), "x");
        var now = File.GetLastWriteTimeUtc(Path.Combine(incoming.FullName, "old"));
        File.SetLastWriteTimeUtc(Path.Combine(incoming.FullName, "old"), now - IncomingFolder.Age - TimeSpan.FromSeconds(1));
        File.SetLastWriteTimeUtc(Path.Combine(incoming.FullName, "young"), now - IncomingFolder.Age + TimeSpan.FromMinutes(1));

        await PutAsync("abc");

        Assert.Equal(["young"], incoming.GetFiles().Select(file => file.Name));
    }

    [Fact]
    public async Task PutAsync_MissingSource_IsUnavailableWithASentence()
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _store.PutAsync(_folder.File("none"), Cancellation));

        Assert.Equal(RegistryError.StoreUnavailable, exception.Error);
    }

    private async Task<string> PutAsync(string text)
    {
        await File.WriteAllTextAsync(_folder.File("source"), text, Cancellation);
        return await _store.PutAsync(_folder.File("source"), Cancellation);
    }
}
