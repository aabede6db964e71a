namespace ZeroWorld.ML.Contract.Tests;

public sealed class MemoryOnlineContractTests : OnlineContract
{
    private readonly MemoryOnlineStore _store = new();

    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => new(_store);
}
