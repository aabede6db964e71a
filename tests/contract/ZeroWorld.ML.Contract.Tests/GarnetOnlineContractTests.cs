namespace ZeroWorld.ML.Contract.Tests;

public sealed class GarnetOnlineContractTests(GarnetContractFixture fixture) : OnlineContract, IClassFixture<GarnetContractFixture>
{
    protected override ValueTask<IOnlineStore> OpenAsync(CancellationToken cancellationToken) => fixture.OpenAsync(cancellationToken);
}
