namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>The end of a version: retired, restored, deleted; and aliases that are removed.</summary>
public abstract class RetirementContract : IAsyncLifetime
{
    private RegistryFixture _fixture = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRegistry Registry => _fixture.Registry;

    /// <summary>An empty registry, of the database that the derived class is for.</summary>
    private protected abstract Task<RegistryFixture> CreateAsync(CancellationToken cancellationToken);

    public async ValueTask InitializeAsync() => _fixture = await CreateAsync(Cancellation);

    public ValueTask DisposeAsync()
    {
        _fixture?.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task RetireAsync_VersionWithoutAlias_IsOutOfUseAndPinsNothing()
    {
        await RegisterAsync(2);
        _fixture.Time.Advance(TimeSpan.FromMinutes(1));

        var retired = await RetireAsync(1);

        Assert.Equal(_fixture.Time.GetUtcNow(), retired.RetiredTime);
        Assert.Equivalent(retired, await _fixture.Open().GetAsync(RegistryFixture.Fraud, 1, Cancellation));
        var model = Assert.Single(await Registry.ListAsync(Cancellation));
        Assert.Equal([2L], model.Versions.Select(version => version.Version));
        Assert.Equal((1L, retired.Digest), Assert.Single(model.Retired.Select(version => (version.Version, version.Digest))));
        Assert.Equal([1L, 2L], (await Registry.ListVersionsAsync("default", Cancellation)).Select(version => version.Version));
        Assert.Equal([2L], (await Registry.PinnedServicesAsync(Cancellation)).Select(pin => pin.Version));
        Assert.Equal([1L], (await Registry.RetiredServicesAsync(Cancellation)).Select(pin => pin.Version));
        Assert.Equal(new AuditEntry(3, _fixture.Time.GetUtcNow(), "alice", "retire", RegistryFixture.Fraud, 1, null, null), await LastAuditAsync());
    }

    [Fact]
    public async Task RetireAsync_Again_ChangesNothing()
    {
        await RegisterAsync(1);
        var first = await RetireAsync(1);
        var revision = await Registry.GetRevisionAsync(Cancellation);
        _fixture.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equivalent(first, await RetireAsync(1));
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
    }

    [Fact]
    public async Task RetireAsync_AliasPointsAtIt_IsRefusedByName()
    {
        await RegisterAsync(2);
        await SetAsync("champion", 1);
        await SetAsync("backup", 1);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => RetireAsync(1));

        Assert.Equal(RegistryError.Refused, exception.Error);
        Assert.StartsWith("Version 1 of the model default/fraud is in use by the aliases 'backup', 'champion';", exception.Message, StringComparison.Ordinal);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
        Assert.Null((await Registry.GetAsync(RegistryFixture.Fraud, 1, Cancellation)).RetiredTime);
    }

    [Fact]
    public async Task SetAliasAsync_RetiredVersion_IsRefusedUntilItIsRestored()
    {
        await RegisterAsync(1);
        await RetireAsync(1);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => SetAsync("champion", 1));
        var restored = await Registry.RestoreAsync(RegistryFixture.Fraud, 1, "alice", Cancellation);
        var audit = await LastAuditAsync();
        await SetAsync("champion", 1);

        Assert.Equal(RegistryError.Refused, exception.Error);
        Assert.Contains("is retired, so no alias can point at it", exception.Message, StringComparison.Ordinal);
        Assert.Null(restored.RetiredTime);
        Assert.Equal(("restore", 1L), (audit.Action, audit.Version));
        Assert.Equal([1L], Assert.Single(await Registry.ListAsync(Cancellation)).Versions.Select(version => version.Version));
        Assert.Equal([1L], (await Registry.PinnedServicesAsync(Cancellation)).Select(pin => pin.Version));
    }

    [Fact]
    public async Task RestoreAsync_VersionInUse_ChangesNothing()
    {
        await RegisterAsync(1);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        Assert.Null((await Registry.RestoreAsync(RegistryFixture.Fraud, 1, "alice", Cancellation)).RetiredTime);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
    }

    [Fact]
    public async Task RegisterAsync_PackageOfARetiredVersion_AnswersItRetired()
    {
        await RegisterAsync(1);
        var retired = await RetireAsync(1);

        Assert.Equivalent(retired, await _fixture.RegisterAsync(1));
    }

    [Fact]
    public async Task DeleteAsync_VersionInUse_IsRefused()
    {
        await RegisterAsync(1);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => DeleteAsync(1));

        Assert.Equal(RegistryError.Refused, exception.Error);
        Assert.Contains("Retire it first (zwml models retire fraud 1)", exception.Message, StringComparison.Ordinal);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
    }

    [Fact]
    public async Task DeleteAsync_RetiredVersion_LeavesItsNumberAndWhatWasLoggedOfIt()
    {
        await RegisterAsync(2);
        var second = await RetireAsync(2);
        var package = (await Registry.OpenAsync(second.Digest, Cancellation)).Directory;

        await DeleteAsync(2);

        Assert.False(Directory.Exists(package));
        Assert.Equal([1L], (await Registry.ListVersionsAsync("default", Cancellation)).Select(version => version.Version));
        Assert.Empty(Assert.Single(await Registry.ListAsync(Cancellation)).Retired);
        Assert.Empty(await Registry.RetiredServicesAsync(Cancellation));
        Assert.Equal(new AuditEntry(4, _fixture.Time.GetUtcNow(), "alice", "delete", RegistryFixture.Fraud, 2, null, null), await LastAuditAsync());
        await AssertDeletedAsync(() => Registry.GetAsync(RegistryFixture.Fraud, 2, Cancellation));
        await AssertDeletedAsync(() => Registry.OpenAsync(RegistryFixture.Fraud, 2, Cancellation));
        await AssertDeletedAsync(() => Registry.OpenAsync(second.Digest, Cancellation));
        await AssertDeletedAsync(() => RetireAsync(2));
        await AssertDeletedAsync(() => Registry.RestoreAsync(RegistryFixture.Fraud, 2, "alice", Cancellation));
        await AssertDeletedAsync(() => DeleteAsync(2));
        await AssertDeletedAsync(() => SetAsync("champion", 2));
    }

    [Fact]
    public async Task RegisterAsync_AfterADeletion_TakesANewNumber()
    {
        await RegisterAsync(2);
        var second = await RetireAsync(2);
        await DeleteAsync(2);

        var again = await _fixture.RegisterAsync(2);
        var next = await _fixture.RegisterAsync(3);

        Assert.Equal((3L, second.Digest, 4L), (again.Version, again.Digest, next.Version));
        Assert.Null(again.RetiredTime);
        Assert.Equal(second.Digest, (await Registry.OpenAsync(second.Digest, Cancellation)).Digest);
    }

    [Fact]
    public async Task RetireAsync_AgainstAnAliasThatMovesThere_NeverBoth()
    {
        await RegisterAsync(2);
        await SetAsync("champion", 1);
        var other = _fixture.Open();
        for (var repeat = 0; repeat < 20; repeat++)
        {
            var outcomes = await Task.WhenAll(
                Task.Run(() => TryAsync(() => Registry.RetireAsync(RegistryFixture.Fraud, 2, "alice", Cancellation))),
                Task.Run(() => TryAsync(() => other.SetAliasAsync(RegistryFixture.Fraud, "champion", 2, null, "bob", Cancellation))));

            Assert.Single(outcomes, done => done);
            await SetAsync("champion", 1);
            await Registry.RestoreAsync(RegistryFixture.Fraud, 2, "alice", Cancellation);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1L)]
    public async Task RemoveAliasAsync_PointsThere_IsGoneAndInTheAudit(long? expected)
    {
        await RegisterAsync(1);
        await SetAsync("champion", 1);

        var removed = await Registry.RemoveAliasAsync(RegistryFixture.Fraud, "champion", expected, "alice", Cancellation);

        Assert.Equal(new ModelAlias(RegistryFixture.Fraud, "champion", 1, null), removed);
        Assert.Empty(Assert.Single(await Registry.ListAsync(Cancellation)).Aliases);
        Assert.Equal(new AuditEntry(3, _fixture.Time.GetUtcNow(), "alice", "remove_alias", RegistryFixture.Fraud, 1, "champion", null), await LastAuditAsync());
        await RetireAsync(1);
    }

    [Fact]
    public async Task RemoveAliasAsync_PointsElsewhereOrIsNone_SaysWhich()
    {
        await RegisterAsync(1);
        await SetAsync("champion", 1);

        var moved = await Assert.ThrowsAsync<RegistryException>(() => Registry.RemoveAliasAsync(RegistryFixture.Fraud, "champion", 2, "alice", Cancellation));
        var none = await Assert.ThrowsAsync<RegistryException>(() => Registry.RemoveAliasAsync(RegistryFixture.Fraud, "challenger", null, "alice", Cancellation));

        Assert.Equal((RegistryError.Conflict, RegistryError.NotFound), (moved.Error, none.Error));
        Assert.Contains("points at version 1; version 2 was expected", moved.Message, StringComparison.Ordinal);
        Assert.Equal("There is no model default/fraud with an alias 'challenger'.", none.Message);
        Assert.Equal(1, (await Registry.GetAsync(RegistryFixture.Fraud, "champion", Cancellation)).Version);
    }

    [Fact]
    public async Task RetireAsync_UnknownVersionOrNoActor_IsRefused()
    {
        await RegisterAsync(1);

        var unknown = await Assert.ThrowsAsync<RegistryException>(() => RetireAsync(2));
        var nobody = await Assert.ThrowsAsync<RegistryException>(() => Registry.RetireAsync(RegistryFixture.Fraud, 1, " ", Cancellation));

        Assert.Equal((RegistryError.NotFound, "There is no version 2 of the model default/fraud."), (unknown.Error, unknown.Message));
        Assert.Equal(RegistryError.InvalidInput, nobody.Error);
    }

    private static async Task<bool> TryAsync(Func<Task> change)
    {
        try
        {
            await change();
            return true;
        }
        catch (RegistryException exception) when (exception.Error == RegistryError.Refused)
        {
            return false;
        }
    }

    private static async Task AssertDeletedAsync(Func<Task> act)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(act);
        Assert.Equal((RegistryError.NotFound, "Version 2 of the model default/fraud was deleted at 2030-01-02 03:04:05Z."), (exception.Error, exception.Message));
    }

    private async Task RegisterAsync(int count)
    {
        for (var number = 1; number <= count; number++)
        {
            await _fixture.RegisterAsync(number);
        }
    }

    private Task<ModelVersion> RetireAsync(long version) => Registry.RetireAsync(RegistryFixture.Fraud, version, "alice", Cancellation);

    private Task DeleteAsync(long version) => Registry.DeleteAsync(RegistryFixture.Fraud, version, "alice", Cancellation);

    private Task<ModelAlias> SetAsync(string alias, long version) => Registry.SetAliasAsync(RegistryFixture.Fraud, alias, version, null, "alice", Cancellation);

    private async Task<AuditEntry> LastAuditAsync() => (await Registry.ListAuditAsync(RegistryFixture.Fraud, 1, Cancellation))[0];
}
