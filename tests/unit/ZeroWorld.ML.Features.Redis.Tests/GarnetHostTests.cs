using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Features.Redis.Tests;

public sealed class GarnetHostTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_OnAFolderOfAnEarlierRun_HasItsRowsAndBlocks()
    {
        using var folder = new TempFolder();
        var spending = TestViews.Spending();
        var (row, block) = (TestViews.Row(5, 6, 1.5), TestViews.Block(spending, (1, 1), (2, 2)));
        var coverage = new ViewCoverage(long.MinValue, 2);
        await using (var first = await StartAsync(folder.Combine("online")))
        {
            await using var store = Stores.Create(first.Configuration);
            await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(4, 4, 9)), new OnlineRowWrite(TestViews.Id(1), row)], Cancellation);
            await store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(1), TestViews.Block(spending, (2, 2)))], long.MinValue, Cancellation);
            await store.AppendEventsAsync(spending, [new WindowAppend(TestViews.Id(1), TestViews.Block(spending, (1, 1)))], long.MinValue, Cancellation);
            await store.WriteCoverageAsync(spending, coverage, Cancellation);
        }

        await using var second = await StartAsync(folder.Combine("online"));
        await using var reader = Stores.Create(second.Configuration);
        Assert.True(await reader.ConnectAsync(Cancellation));

        Assert.Equal(row, await reader.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        Assert.Equal(block, await reader.ReadOneAsync(TestViews.Id(1), spending, Cancellation));
        Assert.Equal(coverage, await reader.ReadCoverageAsync(spending, Cancellation));
    }

    [Fact]
    public async Task StartAsync_WithoutAFolder_KeepsNothing()
    {
        await using (var first = await StartAsync(folder: null))
        {
            await using var store = Stores.Create(first.Configuration);
            await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation);
        }

        await using var second = await StartAsync(folder: null);
        await using var reader = Stores.Create(second.Configuration);
        Assert.True(await reader.ConnectAsync(Cancellation));

        Assert.Null(await reader.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task Configuration_OfOneHost_IsNeededToReadFromIt()
    {
        await using var garnet = await StartAsync(folder: null);
        await using var stranger = Stores.Create($"127.0.0.1:{garnet.Port}", static options => options.ConnectTimeout = TimeSpan.FromSeconds(1));
        var read = new OnlineRead(TestViews.Id(1), [TestViews.Profile]);

        await stranger.ConnectAsync(Cancellation);
        await stranger.ReadAsync([read], Cancellation);

        Assert.Equal(OnlineReadState.Unavailable, read.State);
    }

    [Fact]
    public void Constructor_OnATakenPort_SaysSo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var exception = Assert.Throws<FeatureException>(
            () => new GarnetHost(new GarnetHostOptions { Port = port }, TimeProvider.System, NullLogger<GarnetHost>.Instance));

        Assert.Equal(FeatureError.StoreUnavailable, exception.Error);
        Assert.Contains($"Port {port}", exception.Message, StringComparison.Ordinal);
    }

    /// <summary>In a process of its own, since the working directory belongs to the process and a wrong device aborts it.</summary>
    [Fact]
    public async Task StartAsync_FromAForeignWorkingDirectory_Works()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Combine("elsewhere"));
        var start = new ProcessStartInfo(
            "dotnet", [typeof(GarnetHostTests).Assembly.Location, "--filter-method", $"{typeof(GarnetHostTests).FullName}.{nameof(StartAsync_OnAFolderOfAnEarlierRun_HasItsRowsAndBlocks)}"])
        {
            WorkingDirectory = folder.Combine("elsewhere"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.True(process.ExitCode == 0, output);
    }

    [Fact]
    public async Task AddEmbeddedOnlineStore_InAHost_GivesAStoreThatAnswers()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddEmbeddedOnlineStore(static _ => { });
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<IOnlineStore>();
        var read = new OnlineRead(TestViews.Id(1), [TestViews.Profile]);

        await store.ReadAsync([read], Cancellation);

        Assert.Equal(OnlineReadState.Answered, read.State);
        await host.StopAsync(Cancellation);
        await ((ServiceProvider)host.Services).DisposeAsync();
    }

    [Fact]
    public async Task AddEmbeddedOnlineStore_StartsOnUse_StartsWithTheFirstWriteAndAnswersFromThenOn()
    {
        using var folder = new TempFolder();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddEmbeddedOnlineStore(options => (options.Folder, options.StartsOnUse) = (folder.Combine("online"), true));
        using var host = builder.Build();
        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<IOnlineStore>();
        var isThereBefore = Directory.Exists(folder.Combine("online"));

        await store.WriteRowsAsync(TestViews.Profile, [new OnlineRowWrite(TestViews.Id(1), TestViews.Row(1, 1, 1))], Cancellation);

        Assert.False(isThereBefore);
        Assert.Equal(TestViews.Row(1, 1, 1), await store.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
        await host.StopAsync(Cancellation);
        await ((ServiceProvider)host.Services).DisposeAsync();
        await using var again = await StartAsync(folder.Combine("online"));
        await using var reader = Stores.Create(again.Configuration);
        Assert.True(await reader.ConnectAsync(Cancellation));
        Assert.Equal(TestViews.Row(1, 1, 1), await reader.ReadOneAsync(TestViews.Id(1), TestViews.Profile, Cancellation));
    }

    [Fact]
    public async Task AddEmbeddedOnlineStore_StartsOnUseAndIsNotUsed_NeverStarts()
    {
        using var folder = new TempFolder();
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddEmbeddedOnlineStore(options => (options.Folder, options.StartsOnUse) = (folder.Combine("online"), true));
        using (var host = builder.Build())
        {
            await host.StartAsync(Cancellation);
            _ = host.Services.GetRequiredService<IOnlineStore>();
            await host.StopAsync(Cancellation);
            await ((ServiceProvider)host.Services).DisposeAsync();
        }

        Assert.False(Directory.Exists(folder.Combine("online")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("password=x")]
    public async Task AddRedisOnlineStore_WithoutAnAddress_DoesNotStart(string configuration)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddRedisOnlineStore(options => options.Configuration = configuration);
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => host.StartAsync(Cancellation));

        Assert.Contains(nameof(RedisOnlineStoreOptions.Configuration), exception.Message, StringComparison.Ordinal);
    }

    private static async Task<GarnetHost> StartAsync(string? folder)
    {
        var garnet = new GarnetHost(new GarnetHostOptions { Folder = folder }, TimeProvider.System, NullLogger<GarnetHost>.Instance);
        await garnet.StartAsync(Cancellation);
        return garnet;
    }
}
