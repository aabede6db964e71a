using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class RegistryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RegisterModelVersion_SamePackageTwice_IsOneVersion()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);

        var first = await fraud.RegisterAsync(1, Cancellation);
        var again = await fraud.RegisterAsync(1, Cancellation);
        var other = await fraud.RegisterAsync(2, Cancellation);

        Assert.Equal((1L, 1L, 2L), (first.Version, again.Version, other.Version));
        Assert.Equal(first.Digest, again.Digest);
        var read = await fraud.Client.Registry.GetModelVersionAsync(new GetModelVersionRequest { Model = "fraud", Version = 2 }, cancellationToken: Cancellation);
        Assert.Equal(other, read);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(fraud.DataDirectory, "packages", "uploads")));
    }

    [Fact]
    public async Task RegisterModelVersion_PackagesThatDoNotFit_AreRefusedWithTheDifference()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);

        var spoiled = await Assert.ThrowsAsync<RpcException>(() => fraud.RegisterAsync(1, Cancellation, spoil: folder => File.AppendAllText(Path.Combine(folder, "golden.json"), " ")));
        var foreign = await Assert.ThrowsAsync<RpcException>(() => fraud.RegisterAsync(1, Cancellation, service: fraud.Plan.Service with { Fingerprint = new string('0', 64) }));
        var noManifest = await Assert.ThrowsAsync<RpcException>(() => fraud.RegisterAsync(1, Cancellation, spoil: folder => File.Delete(Path.Combine(folder, "manifest.json"))));

        Assert.Equal(StatusCode.DataLoss, spoiled.StatusCode);
        Assert.Contains("golden.json", spoiled.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, foreign.StatusCode);
        Assert.Contains("000000", foreign.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.InvalidArgument, noManifest.StatusCode);
        Assert.Empty((await fraud.Client.Registry.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
    }

    [Theory]
    [InlineData("../../escape.txt")]
    [InlineData("/etc/escape")]
    [InlineData("a//b")]
    public async Task RegisterModelVersion_FileOutsideThePackage_IsRefused(string file)
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        using var call = fraud.Client.Registry.RegisterModelVersion(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(
            new RegisterModelVersionRequest { Header = new RegisterHeader { Model = "fraud", Files = { "manifest.json", file } } }, Cancellation);

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        Assert.Contains(file, exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SetAlias_Moved_ChangesWhoAnswersAtOnce()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.RegisterAsync(2, Cancellation);
        await fraud.FillAsync(1, 1, Cancellation);

        var none = await Assert.ThrowsAsync<RpcException>(() => fraud.Client.PredictAsync(FraudServer.Query(), Cancellation));
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        var first = await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        await fraud.SetAliasAsync("champion", 2, Cancellation);
        var second = await fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        var stale = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.SetAliasAsync(
            new SetAliasRequest { Model = "fraud", Alias = "champion", Version = 1, ExpectedVersion = 1 }, cancellationToken: Cancellation));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => fraud.SetAliasAsync("champion", 9, Cancellation));

        Assert.Equal(StatusCode.NotFound, none.StatusCode);
        Assert.Equal((1L, 2L), (first.ModelVersion, second.ModelVersion));
        Assert.Equal(StatusCode.Aborted, stale.StatusCode);
        Assert.Contains("points at version 2", stale.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        var model = Assert.Single((await fraud.Client.Registry.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
        Assert.Equal([new ModelAlias { Name = "champion", Version = 2 }], model.Aliases);
    }
}
