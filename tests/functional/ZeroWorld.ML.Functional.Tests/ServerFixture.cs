namespace ZeroWorld.ML.Functional.Tests;

/// <summary>One server with an embedded online store, two versions of a model and a small history, for tests that only read.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    internal const int Events = 100;

    internal FraudServer Fraud { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Fraud = await FraudServer.StartAsync(null, CancellationToken.None);
        await Fraud.RegisterAsync(1, CancellationToken.None);
        await Fraud.RegisterAsync(2, CancellationToken.None);
        await Fraud.SetAliasAsync("champion", 1, CancellationToken.None);
        await Fraud.SetAliasAsync("challenger", 2, CancellationToken.None);
        await Fraud.FillAsync(20, Events, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => Fraud.DisposeAsync();
}
