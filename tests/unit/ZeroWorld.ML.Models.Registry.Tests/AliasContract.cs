namespace ZeroWorld.ML.Models.Registry.Tests;

public abstract class AliasContract : IAsyncLifetime
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
    public async Task SetAliasAsync_ExpectedVersion_MovesAndWritesTheAudit()
    {
        await RegisterAsync(2);

        var made = await SetAsync(1, expected: 0);
        _fixture.Time.Advance(TimeSpan.FromMinutes(1));
        var moved = await SetAsync(2, expected: 1);

        Assert.Equal(new ModelAlias(RegistryFixture.Fraud, "champion", 1, null), made);
        Assert.Equal(new ModelAlias(RegistryFixture.Fraud, "champion", 2, 1), moved);
        Assert.Equal(2, (await Registry.GetAsync(RegistryFixture.Fraud, "champion", Cancellation)).Version);
        Assert.Equal(["champion"], (await Registry.GetAsync(RegistryFixture.Fraud, 2, Cancellation)).Aliases);
        Assert.Empty((await Registry.GetAsync(RegistryFixture.Fraud, 1, Cancellation)).Aliases);
        Assert.Equal(
            [
                new AuditEntry(4, _fixture.Time.GetUtcNow(), "alice", "set_alias", RegistryFixture.Fraud, 2, "champion", 1),
                new AuditEntry(3, _fixture.Time.GetUtcNow().AddMinutes(-1), "alice", "set_alias", RegistryFixture.Fraud, 1, "champion", null),
            ],
            await Registry.ListAuditAsync(RegistryFixture.Fraud, 2, Cancellation));
    }

    [Theory]
    [InlineData(0, "points at version 1; it was expected not to exist")]
    [InlineData(2, "points at version 1; version 2 was expected")]
    public async Task SetAliasAsync_PointsElsewhere_IsAConflictThatSaysWhere(long expected, string reason)
    {
        await RegisterAsync(2);
        await SetAsync(1, expected: 0);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => SetAsync(2, expected));

        Assert.Equal(RegistryError.Conflict, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await Registry.GetAsync(RegistryFixture.Fraud, "champion", Cancellation)).Version);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
    }

    [Fact]
    public async Task SetAliasAsync_ExpectedButAbsent_IsAConflict()
    {
        await RegisterAsync(1);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => SetAsync(1, expected: 1));

        Assert.Equal(RegistryError.Conflict, exception.Error);
        Assert.Contains("'champion' of default/fraud does not exist; version 1 was expected", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetAliasAsync_NothingExpected_MovesWhereverItPoints()
    {
        await RegisterAsync(2);

        Assert.Null((await SetAsync(1, expected: null)).PreviousVersion);
        Assert.Equal(1, (await SetAsync(2, expected: null)).PreviousVersion);
    }

    [Fact]
    public async Task SetAliasAsync_AlreadyThere_ChangesNothing()
    {
        await RegisterAsync(1);
        await SetAsync(1, expected: 0);
        var revision = await Registry.GetRevisionAsync(Cancellation);

        Assert.Equal(1, (await SetAsync(1, expected: 1)).PreviousVersion);
        Assert.Equal(revision, await Registry.GetRevisionAsync(Cancellation));
    }

    [Fact]
    public async Task SetAliasAsync_UnknownVersion_IsNotFound()
    {
        await RegisterAsync(1);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => SetAsync(2, expected: 0));

        Assert.Equal((RegistryError.NotFound, "There is no version 2 of the model default/fraud."), (exception.Error, exception.Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Champion")]
    [InlineData("7")]
    [InlineData("a/b")]
    [InlineData("champion ")]
    public async Task SetAliasAsync_NoName_IsInvalid(string alias)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => Registry.SetAliasAsync(RegistryFixture.Fraud, alias, 1, 0, "alice", Cancellation));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains($"'{alias}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetAliasAsync_ManyWithOneExpectation_ExactlyOneWins()
    {
        await RegisterAsync(10);
        await SetAsync(1, expected: 0);
        ModelRegistry[] registries = [Registry, _fixture.Open()];

        var outcomes = await Task.WhenAll(Enumerable.Range(2, 9).Select(version => Task.Run(async () =>
        {
            try
            {
                return (await registries[version % 2].SetAliasAsync(RegistryFixture.Fraud, "champion", version, 1, "racer", Cancellation)).Version;
            }
            catch (RegistryException exception) when (exception.Error == RegistryError.Conflict)
            {
                return 0;
            }
        })));

        var winner = Assert.Single(outcomes, version => version != 0);
        Assert.Equal(winner, (await Registry.GetAsync(RegistryFixture.Fraud, "champion", Cancellation)).Version);
        Assert.Single(await Registry.ListAuditAsync(RegistryFixture.Fraud, 100, Cancellation), entry => entry.Actor == "racer");
    }

    [Fact]
    public async Task ListAsync_WhileAnAliasMoves_EverySnapshotHasItOnce()
    {
        await RegisterAsync(2);
        await SetAsync(1, expected: 0);
        var other = _fixture.Open();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var mover = Task.Run(
            async () =>
            {
                var moves = 0;
                for (; !stop.IsCancellationRequested; moves++)
                {
                    await other.SetAliasAsync(RegistryFixture.Fraud, "champion", 2 - (moves % 2), null, "mover", Cancellation);
                }

                return moves;
            },
            Cancellation);

        for (var repeat = 0; repeat < 200; repeat++)
        {
            var versions = await Registry.ListVersionsAsync("default", Cancellation);
            Assert.Single(versions.SelectMany(version => version.Aliases));
        }

        await stop.CancelAsync();
        Assert.True(await mover > 1);
    }

    private async Task RegisterAsync(int count)
    {
        for (var number = 1; number <= count; number++)
        {
            await _fixture.RegisterAsync(number);
        }
    }

    private Task<ModelAlias> SetAsync(long version, long? expected) =>
        Registry.SetAliasAsync(RegistryFixture.Fraud, "champion", version, expected, "alice", Cancellation);
}
