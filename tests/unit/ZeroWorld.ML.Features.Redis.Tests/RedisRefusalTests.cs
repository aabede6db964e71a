using System.Diagnostics;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

/// <summary>Servers that answer, and refuse: full, read-only, the wrong password, an unknown authority, a primary that is replaced.</summary>
public sealed class RedisRefusalTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteRowsAsync_OnAServerOutOfMemory_SaysSoAndStoresNothing()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, "--maxmemory-policy", "noeviction");
        await using var store = Stores.Create(server.Address);
        await WriteAsync(store, 1, 1);
        await server.SendAsync("CONFIG SET maxmemory 1", Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 2, 1));
        var second = await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 2));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains($"The online store at {server.Address} did not take or give what was asked: it is out of memory (maxmemory", exception.Message, StringComparison.Ordinal);
        Assert.Equal(FeatureError.StoreUnavailable, second.Error);
        Assert.Null(await store.ReadOneAsync(TestViews.Id(2), TestViews.Profile, Cancellation));
        Assert.Equal(TestViews.Row(1, 1, 1), await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task DeleteEntityAsync_OnAServerOutOfMemory_IsWholeOrNotAtAll()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, "--maxmemory-policy", "noeviction");
        await using var store = Stores.Create(server.Address);
        var spending = TestViews.Spending();
        await WriteAsync(store, 1, 1);
        await store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(1), TestViews.Block(spending, (1, 1), (5, 2)))], long.MinValue, Cancellation);
        var row = await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation);
        var block = await store.ReadOneAsync(TestViews.Id(1), spending, Cancellation);
        await server.SendAsync("CONFIG SET maxmemory 1", Cancellation);

        await Assert.ThrowsAsync<FeatureException>(() => store.DeleteEntityAsync(TestViews.Id(1), [TestViews.Profile, spending], 3, Cancellation));
        Assert.Equal(row, await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        Assert.Equal(block, await store.ReadOneAsync(TestViews.Id(1), spending, Cancellation));

        await server.SendAsync("CONFIG SET maxmemory 0", Cancellation);
        await store.DeleteEntityAsync(TestViews.Id(1), [TestViews.Profile, spending], 3, Cancellation);
        Assert.Null(await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task WriteRowsAsync_ToAReadOnlyReplica_SaysSo()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(server.Address);
        await WriteAsync(store, 1, 1);
        await server.SendAsync("REPLICAOF 127.0.0.1 1", Cancellation);

        var exception = await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 2));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("read-only replica", exception.Message, StringComparison.Ordinal);
    }

    // The client tries for all of its time, so they try beside one another.
    [Fact]
    public Task WriteRowsAsync_WithAWrongPassword_SaysSoWithoutShowingIt()
    {
        RedisServerProcess.SkipIfMissing();
        return Task.WhenAll(((string[])["", ",password=wrong-one", ",user=store,password=secret"]).Select(AssertRefusedAsync));

        static async Task AssertRefusedAsync(string credentials)
        {
            await using var server = await RedisServerProcess.StartAsync(Cancellation);
            await server.SendAsync("CONFIG SET requirepass right-one", Cancellation);
            await using var store = Stores.Create(server.Address + credentials, static options => options.ConnectTimeout = TimeSpan.FromSeconds(15));

            Assert.False(await store.ConnectAsync(Cancellation));
            var exception = await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 1));

            Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
            Assert.Contains("does not accept this user and password", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong-one", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("-hget -hmget -hsetnx", "~z1:*")]
    [InlineData("-time", "~z1:*")]
    [InlineData("-evalsha -eval", "~z1:*")]
    [InlineData("", "~other:*")]
    public async Task WriteRowsAsync_ByAUserOfTooFewRights_SaysWhereTheListIs(string less, string keys)
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await server.SendAsync(
            $"ACL SETUSER store on >secret {keys} -@all +@hash +exists +time +pexpire +persist +scan +eval +evalsha +script|load +@connection +info +cluster|nodes +config|get {less}".TrimEnd(), Cancellation);
        await using var store = Stores.Create($"{server.Address},user=store,password=secret");

        var exception = await Assert.ThrowsAsync<FeatureException>(() => store.WriteRowsAsync(
            TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], validUntil: long.MaxValue, Cancellation));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("its user may not do what the store needs (docs/operations/online-store.md has the list)", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server", "none", "its TLS certificate is not trusted: it was signed by 'CN=test authority', no authority of this system. Name the file .* with Features:Redis:CertificateAuthorityFile")]
    [InlineData("server", "other", "it was signed by 'CN=test authority', and Features:Redis:CertificateAuthorityFile holds 'CN=other authority'")]
    [InlineData("expired", "own", "its TLS certificate is valid from 2023-11-14T22:13:20Z until 2023-11-15T22:13:20Z only: renew it, or set the clock right")]
    [InlineData("elsewhere", "own", "its TLS certificate is for 'redis.example', not for the address that was called: give one of its names with sslHost=")]
    public async Task WriteRowsAsync_OverTlsWithACertificateThatIsNotTrusted_SaysWhatIsWrongWithIt(string certificate, string authority, string expected)
    {
        RedisServerProcess.SkipIfMissing();
        using var tls = new TestCertificates();
        var port = LoopbackPort.FindFree();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, [.. tls.ServerSettings(port, certificate), "--tls-auth-clients", "no"]);
        await using var store = Stores.Create($"127.0.0.1:{port},ssl=true", options =>
        {
            options.ConnectTimeout = TimeSpan.FromSeconds(1);
            options.CertificateAuthorityFile = authority switch { "own" => tls.AuthorityFile, "other" => tls.OtherAuthorityFile, _ => null };
        });

        Assert.False(await store.ConnectAsync(Cancellation));

        // The client waits for the whole timeout although it knows better, and on a busy machine an attempt may run out of time before the certificate is looked at.
        string message;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
            message = (await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 1))).Message;
        }
        while (!message.Contains("certificate", StringComparison.Ordinal));

        Assert.Matches(expected, message);
    }

    [Fact]
    public async Task ConnectAsync_OverTlsWithTheAuthorityOfTheServer_IsTrue()
    {
        RedisServerProcess.SkipIfMissing();
        using var tls = new TestCertificates();
        var port = LoopbackPort.FindFree();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, [.. tls.ServerSettings(port), "--tls-auth-clients", "no"]);
        await using var store = Stores.Create($"127.0.0.1:{port},ssl=true", options => options.CertificateAuthorityFile = tls.AuthorityFile);

        Assert.True(await store.ConnectAsync(Cancellation));
    }

    [Fact]
    public async Task ConnectAsync_WithoutASentinelThatKnowsTheService_IsFalseAndWritesSayWhy()
    {
        RedisServerProcess.SkipIfMissing();
        await using var group = await RedisSentinelProcess.StartAsync(Cancellation);
        await using var store = Stores.Create($"{group.Sentinel.Address},serviceName=nobody", static options => options.ConnectTimeout = TimeSpan.FromMilliseconds(500));

        Assert.False(await store.ConnectAsync(Cancellation));
        var exception = await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 1));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains("entinel", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_WhileThePrimaryIsKilledAndSentinelFailsOver_GoOnAtTheNewOne()
    {
        RedisServerProcess.SkipIfMissing();
        await using var group = await RedisSentinelProcess.StartAsync(Cancellation);
        await using var store = Stores.Create(group.Configuration, static options => options.WriteTimeout = TimeSpan.FromSeconds(2));
        Assert.True(await store.ConnectAsync(Cancellation));
        await WriteAsync(store, 0, 1);
        await group.Primary.WaitForReplicaAsync(group.Replica, Cancellation);
        var (written, refused, next) = (0, 0, 1);
        var killed = Stopwatch.StartNew();
        await group.Primary.KillAsync(Cancellation);

        // Each write is taken, or refused with a sentence; a refused one is repeated, as a writer does.
        while (written < 20 && killed.Elapsed < TimeSpan.FromSeconds(60))
        {
            try
            {
                await WriteAsync(store, next, next);
                (written, next) = (written + 1, next + 1);
            }
            catch (FeatureException exception)
            {
                Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
                refused++;
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            }
        }

        Assert.Equal(20, written);
        Assert.True(refused > 0);
        for (var customer = 0; customer < next; customer++)
        {
            Assert.Equal(TestViews.Row(Math.Max(customer, 1), Math.Max(customer, 1), Math.Max(customer, 1)), await store.ReadOneAsync(TestViews.Id(customer), TestViews.Profile, Cancellation));
        }

        Assert.Contains("role:master", await group.Replica.SendAsync("INFO replication", Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret", true)]
    [InlineData("wrong-one", false)]
    public async Task ConnectAsync_WithTheWrongPasswordOfAUserWhereTheDefaultOneIsOpen_DoesNotGoOnAsThatOne(string password, bool isTaken)
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation);
        await server.SendAsync("ACL SETUSER store on >secret ~z1:* +@all", Cancellation);
        await using var store = Stores.Create($"{server.Address},user=store,password={password}", static options => options.ConnectTimeout = TimeSpan.FromSeconds(30));

        Assert.Equal(isTaken, await store.ConnectAsync(Cancellation));
        var exception = await Record.ExceptionAsync(() => WriteAsync(store, 1, 1));
        var keys = await server.SendAsync("DBSIZE", Cancellation);

        Assert.Equal(isTaken, exception is null);
        Assert.Contains(isTaken ? "1" : "0", keys, StringComparison.Ordinal);
        if (!isTaken)
        {
            Assert.Equal(FeatureError.StoreUnavailable, Assert.IsType<FeatureException>(exception).Error);
            Assert.Contains("does not accept this user and password", exception!.Message, StringComparison.Ordinal);
            Assert.Contains("takes this client for 'default'", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong-one", exception.Message, StringComparison.Ordinal);

            // The password is set right at the server: from then on the store is there.
            await server.SendAsync("ACL SETUSER store >wrong-one", Cancellation);
            while (!await store.ConnectAsync(Cancellation))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
            }

            await WriteAsync(store, 1, 1);
        }
    }

    [Theory]
    [InlineData(false, "speaks TLS: add ssl=true to Online:Redis")]
    [InlineData(true, "leave ssl=true out of Online:Redis")]
    public async Task WriteRowsAsync_WithAndWithoutTlsAtThePortOfTheOther_SaysWhichIsNeeded(bool isTls, string expected)
    {
        RedisServerProcess.SkipIfMissing();
        using var tls = new TestCertificates();
        var port = LoopbackPort.FindFree();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, [.. tls.ServerSettings(port), "--tls-auth-clients", "no"]);
        await using var store = Stores.Create(isTls ? $"{server.Address},ssl=true" : $"127.0.0.1:{port}", static options => options.ConnectTimeout = TimeSpan.FromSeconds(1));

        // On a busy machine an attempt may run out of time before the answer is looked at.
        string message;
        do
        {
            message = (await Assert.ThrowsAsync<FeatureException>(() => WriteAsync(store, 1, 1))).Message;
        }
        while (!message.Contains(expected, StringComparison.Ordinal));

        Assert.Contains($"The online store at 127.0.0.1:{(isTls ? server.Address[(server.Address.IndexOf(':', StringComparison.Ordinal) + 1)..] : port)} did not take or give", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckServerAsync_OfAServerThatEvicts_WarnsByName()
    {
        RedisServerProcess.SkipIfMissing();
        await using var server = await RedisServerProcess.StartAsync(Cancellation, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        await using var store = Stores.Create(server.Address);

        Assert.Contains($"maxmemory-policy of the online store at {server.Address} is allkeys-lru", Assert.Single(await store.CheckServerAsync(Cancellation)), StringComparison.Ordinal);
    }

    [Fact]
    public void RedisOnlineStore_FilesThatAreNotThere_AreNamed()
    {
        var exception = Assert.Throws<System.ComponentModel.DataAnnotations.ValidationException>(
            () => Stores.Create("127.0.0.1:1,ssl=true", static options => options.CertificateAuthorityFile = "/nowhere/ca.pem"));

        Assert.Contains("CertificateAuthorityFile is '/nowhere/ca.pem'", exception.Message, StringComparison.Ordinal);
    }

    private static Task WriteAsync(RedisOnlineStore store, long customer, long value) =>
        store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(customer), TestViews.Row(value, value, value))], Cancellation);
}
