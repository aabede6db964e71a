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

    [Fact]
    public async Task RetireModelVersion_ThenRestored_AnswersAgainOnlyThen()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.RegisterAsync(2, Cancellation);
        await fraud.SetAliasAsync("champion", 2, Cancellation);
        await fraud.FillAsync(1, 1, Cancellation);
        var query = FraudServer.Query().UseVersion(1);
        var before = await fraud.Client.PredictAsync(query, Cancellation);

        var inUse = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.RetireModelVersionAsync(Retire(2), cancellationToken: Cancellation));
        var retired = await fraud.Client.Registry.RetireModelVersionAsync(Retire(1), cancellationToken: Cancellation);
        var refused = await Assert.ThrowsAsync<RpcException>(() => fraud.Client.PredictAsync(query, Cancellation));
        var replay = await fraud.Client.ReplayAsync(before.PredictionId, cancellationToken: Cancellation);
        var index = await fraud.Client.Registry.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation);
        await fraud.Client.Registry.RestoreModelVersionAsync(new RestoreModelVersionRequest { Model = "fraud", Version = 1 }, cancellationToken: Cancellation);
        var after = await fraud.Client.PredictAsync(query, Cancellation);

        Assert.Equal(StatusCode.FailedPrecondition, inUse.StatusCode);
        Assert.Contains("is in use by the alias 'champion'", inUse.Status.Detail, StringComparison.Ordinal);
        Assert.True(retired.HasRetiredTime);
        Assert.Equal([true, false], Assert.Single(index.Models).Versions.Select(version => version.HasRetiredTime));
        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        Assert.Contains("version 1 is retired. Versions: 2.", refused.Status.Detail, StringComparison.Ordinal);
        Assert.True(replay.Equal);
        Assert.Equal((1L, 1L), (before.ModelVersion, after.ModelVersion));
    }

    [Fact]
    public async Task DeleteModelVersion_Retired_IsToldToWhoAsksForItOrReplaysIt()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.FillAsync(1, 1, Cancellation);
        var answer = await fraud.Client.PredictAsync(FraudServer.Query().UseVersion(1), Cancellation);

        var inUse = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.DeleteModelVersionAsync(Delete(1), cancellationToken: Cancellation));
        await fraud.Client.Registry.RetireModelVersionAsync(Retire(1), cancellationToken: Cancellation);
        await fraud.Client.Registry.DeleteModelVersionAsync(Delete(1), cancellationToken: Cancellation);
        var replay = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.ReplayAsync(answer.PredictionId, cancellationToken: Cancellation));
        var read = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.GetModelVersionAsync(
            new GetModelVersionRequest { Model = "fraud", Version = 1 }, cancellationToken: Cancellation));
        var again = await fraud.RegisterAsync(1, Cancellation);
        var replayed = await fraud.Client.ReplayAsync(answer.PredictionId, cancellationToken: Cancellation);

        Assert.Equal(StatusCode.FailedPrecondition, inUse.StatusCode);
        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (replay.StatusCode, read.StatusCode));
        Assert.Contains("cannot be opened: Version 1 of the model default/fraud was deleted at ", replay.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("was deleted at ", read.Status.Detail, StringComparison.Ordinal);

        // The bytes are the same ones, so what they made can be made again.
        Assert.Equal(2, again.Version);
        Assert.True(replayed.Equal);
    }

    [Fact]
    public async Task RetireModelVersion_DefinitionsMayChange_AndRestoringWaitsForThem()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fraud.yaml"), Cancellation);
        var changed = yaml.Replace("window: 30d", "window: 20d", StringComparison.Ordinal);
        var breach = await Assert.ThrowsAsync<RpcException>(() => ApplyAsync(changed, planOnly: true));

        await fraud.Client.Registry.RetireModelVersionAsync(Retire(1), cancellationToken: Cancellation);
        var plan = await ApplyAsync(changed, planOnly: true);
        var applied = await ApplyAsync(changed, planOnly: false);
        var restore = new RestoreModelVersionRequest { Model = "fraud", Version = 1 };
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.RestoreModelVersionAsync(restore, cancellationToken: Cancellation));
        var back = await ApplyAsync(yaml, planOnly: false);
        var restored = await fraud.Client.Registry.RestoreModelVersionAsync(restore, cancellationToken: Cancellation);

        Assert.Contains("zwml models retire MODEL VERSION", breach.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("was what the retired model fraud version 1 was trained with", Assert.Single(plan.Notes), StringComparison.Ordinal);
        Assert.Equal(plan.Notes, applied.Notes);
        Assert.Empty(back.Notes);
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("which has another definition now, with fingerprint", refused.Status.Detail, StringComparison.Ordinal);
        Assert.False(restored.HasRetiredTime);
        await Assert.ThrowsAsync<RpcException>(() => ApplyAsync(changed, planOnly: false));

        async Task<ApplyDefinitionsResponse> ApplyAsync(string text, bool planOnly) => await fraud.Client.Features.ApplyDefinitionsAsync(
            new ApplyDefinitionsRequest { Files = { new DefinitionFile { Path = "fraud.yaml", Yaml = text } }, PlanOnly = planOnly }, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task RemoveAlias_Champion_NothingAnswersByDefaultAndTheVersionCanBeRetired()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation);
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);

        var removed = await fraud.Client.Registry.RemoveAliasAsync(
            new RemoveAliasRequest { Model = "fraud", Alias = "champion", ExpectedVersion = 1 }, cancellationToken: Cancellation);
        var refused = await Assert.ThrowsAsync<RpcException>(() => fraud.Client.PredictAsync(FraudServer.Query(), Cancellation));
        await fraud.Client.Registry.RetireModelVersionAsync(Retire(1), cancellationToken: Cancellation);
        var gone = await Assert.ThrowsAsync<RpcException>(() => fraud.Client.PredictAsync(FraudServer.Query(), Cancellation));

        Assert.Equal(new ModelAlias { Name = "champion", Version = 1 }, removed);
        Assert.Contains("has no alias 'champion'", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (refused.StatusCode, gone.StatusCode));
    }

    [Fact]
    public async Task RetireModelVersion_StillAnswersForAnAliasWhoseTargetIsBroken_IsRefused()
    {
        await using var fraud = await FraudServer.StartAsync(null, Cancellation, new Dictionary<string, string> { ["Serving:Servables:NewerVersionsMax"] = "0" });
        fraud.ExpectError("version 2");
        await fraud.RegisterAsync(1, Cancellation);
        await fraud.SetAliasAsync("champion", 1, Cancellation);
        await fraud.RegisterAsync(2, Cancellation);
        Directory.Delete(Path.Combine(fraud.DataDirectory, "registry", "artifacts"), recursive: true);
        await fraud.SetAliasAsync("champion", 2, Cancellation);

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await fraud.Client.Registry.RetireModelVersionAsync(Retire(1), cancellationToken: Cancellation));

        Assert.Equal(StatusCode.FailedPrecondition, exception.StatusCode);
        Assert.Contains("still answers for the alias 'champion' of the model default/fraud with version 1, since version 2", exception.Status.Detail, StringComparison.Ordinal);
    }

    private static RetireModelVersionRequest Retire(long version) => new() { Model = "fraud", Version = version };

    private static DeleteModelVersionRequest Delete(long version) => new() { Model = "fraud", Version = version };
}
