namespace ZeroWorld.ML.Models.Registry.Tests;

public sealed class PackageOpeningTests : IDisposable
{
    private readonly RegistryFixture _fixture = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task OpenAsync_RegisteredVersion_BringsItToTheFolderOfItsDigest()
    {
        var version = await _fixture.RegisterAsync(1);

        var package = await _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation);

        Assert.Equal(version.Digest, package.Digest);
        Assert.Equal(Path.GetFullPath(Path.Combine(_fixture.Options.PackagesPath, version.Digest["sha256:".Length..])), package.Directory);
        Assert.Equal(package.Digest, (await ModelPackageReader.OpenAsync(package.Directory, Cancellation)).Digest);
        Assert.Equal(package.Directory, (await _fixture.Open().OpenAsync(version.Digest, Cancellation)).Directory);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_fixture.Options.PackagesPath, "incoming")));
    }

    [Fact]
    public async Task OpenAsync_ManyAtOnce_AskTheStoreOnce()
    {
        var version = await _fixture.RegisterAsync(1);
        var store = new WatchedArtifactStore(_fixture.Artifacts);
        var registry = _fixture.Open(store);

        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation))));

        Assert.Equal(1, store.Gets[version.Digest]);
        Assert.All(store.Gets, get => Assert.Equal(1, get.Value));
    }

    [Fact]
    public async Task OpenAsync_TwoInstancesAtOnce_BothOpenTheSameFolder()
    {
        for (var number = 1; number <= 5; number++)
        {
            var version = await _fixture.RegisterAsync(number);
            var packages = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(_ => _fixture.Open()).Select(registry => Task.Run(() => registry.OpenAsync(version.Digest, Cancellation))));

            Assert.Single(packages.Select(package => package.Directory).Distinct());
        }
    }

    [Fact]
    public async Task OpenAsync_DamagedArtifact_IsCorruptUntilItIsRegisteredAgain()
    {
        await _fixture.RegisterAsync(1);
        var package = await ModelPackageReader.OpenAsync(await _fixture.PackageAsync(1), Cancellation);
        var artifact = _fixture.Artifacts.ToPath(package.Manifest.Files["model.onnx"].Digest);
        var bytes = await File.ReadAllBytesAsync(artifact, Cancellation);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(artifact, bytes, Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
        Assert.Contains(package.Manifest.Files["model.onnx"].Digest, exception.Message, StringComparison.Ordinal);
        Assert.Equal(["incoming"], Directory.GetFileSystemEntries(_fixture.Options.PackagesPath).Select(Path.GetFileName));
        Assert.Equal(1, (await _fixture.RegisterAsync(1)).Version);
        Assert.Equal(package.Digest, (await _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation)).Digest);
    }

    [Fact]
    public async Task OpenAsync_MissingArtifact_IsNotFound()
    {
        await _fixture.RegisterAsync(1);
        Directory.Delete(Path.Combine(_fixture.Options.ArtifactsPath, "sha256"), recursive: true);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation));

        Assert.Equal(RegistryError.NotFound, exception.Error);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("manifest.json")]
    public async Task OpenAsync_DamagedLocalCopy_IsBroughtAgain(string file)
    {
        await _fixture.RegisterAsync(1);
        var package = await _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation);
        await File.AppendAllTextAsync(Path.Combine(package.Directory, file), " ", Cancellation);

        var again = await _fixture.Registry.OpenAsync(RegistryFixture.Fraud, 1, Cancellation);

        Assert.Equal(package.Digest, again.Digest);
        Assert.Equal(package.Digest, (await ModelPackageReader.OpenAsync(again.Directory, Cancellation)).Digest);
    }

    [Fact]
    public async Task OpenAsync_StoredButNotRegistered_IsNotFound()
    {
        // What a process leaves that ends between storing and registering.
        var package = await ModelPackageReader.OpenAsync(await _fixture.PackageAsync(1), Cancellation);
        foreach (var file in package.Manifest.Files.Keys.Append("manifest.json"))
        {
            await _fixture.Artifacts.PutAsync(Path.Combine(package.Directory, file), Cancellation);
        }

        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.OpenAsync(package.Digest, Cancellation));

        Assert.Equal(RegistryError.NotFound, exception.Error);
        Assert.Equal(1, (await _fixture.RegisterAsync(1)).Version);
    }

    [Theory]
    [InlineData("sha256:12")]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    public async Task OpenAsync_NoDigest_IsInvalid(string digest)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _fixture.Registry.OpenAsync(digest, Cancellation));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
    }
}
