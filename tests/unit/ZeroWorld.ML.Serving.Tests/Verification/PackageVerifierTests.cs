using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class PackageVerifierTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task VerifyAsync_PackageThatFits_Passes()
    {
        await _host.Verifier.VerifyAsync(_host.MakePackage(), Cancellation);

        Assert.True(Assert.Single(_host.Runtime.Opened).Instance.IsDisposed);
    }

    [Fact]
    public async Task VerifyAsync_GoldenSampleOutOfTolerance_NamesElementAndValues()
    {
        var message = await RefusalAsync(_host.MakePackage(goldenScore: 2f));

        Assert.Contains("does not give what its trainer computed. Golden sample 0, output 'probability': element 0 is ", message, StringComparison.Ordinal);
        Assert.Contains("expected 2 within 1E-06", message, StringComparison.Ordinal);
        Assert.True(Assert.Single(_host.Runtime.Opened).Instance.IsDisposed);
    }

    [Fact]
    public async Task VerifyAsync_ModelFileWithOtherTensors_NamesTheDifference()
    {
        _host.Runtime.Make = _ => FakeInstance.Score(5);

        Assert.Contains(
            "the manifest declares the input features FP32 [-1, 6], the model file has features FP32 [-1, 5]", await RefusalAsync(_host.MakePackage()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_ColumnMissing_NamesIt()
    {
        var message = await RefusalAsync(WithFeatures("amount", "is_night", "credit_limit", "is_vip", "terminal_fraud_risk_7d"));

        Assert.Contains("the feature service 'fraud' has columns that the model does not take: 'terminal_tx_count_7d'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_ColumnThatTheServiceDoesNotHave_NamesIt()
    {
        var message = await RefusalAsync(WithFeatures("amount", "is_night", "credit_limit", "is_vip", "terminal_tx_count_7d", "terminal_fraud_risk_7d", "shoe_size"));

        Assert.Contains("takes columns that the feature service 'fraud' does not have: 'shoe_size'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_ColumnsInAnotherOrder_NamesTheFirstPair()
    {
        var message = await RefusalAsync(WithFeatures("is_night", "amount", "credit_limit", "is_vip", "terminal_tx_count_7d", "terminal_fraud_risk_7d"));

        Assert.Contains("takes 'amount' after 'is_night', the feature service has them the other way round", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_NoRoomBesideLoadedModels_LetsTheLeastUsedGoWhichComesBack()
    {
        static ModelManifest Large(ModelManifest manifest) => manifest with { Files = manifest.Files.ToDictionary(static file => file.Key, static file => file.Value with { Bytes = 3_500_000 }) };
        _host.Register(1, change: Large);
        await _host.Servables.RefreshAsync(Cancellation);
        Assert.Equal(ServableState.Ready, Assert.Single(_host.Servables.List()).State);

        await _host.Verifier.VerifyAsync(_host.MakePackage(manifest => Large(manifest) with { Name = "other" }), Cancellation);

        Assert.NotEqual(ServableState.Ready, Assert.Single(_host.Servables.List()).State);
        Assert.True(_host.Servables.IsModelReady(ServingHost.Model, VersionSelector.Champion));
        using var lease = await _host.Servables.AcquireAsync(ServingHost.Model, VersionSelector.Champion, Cancellation);
        Assert.Equal(1, lease.Servable.Version);
    }

    [Fact]
    public async Task VerifyAsync_ColumnOfText_IsRefused()
    {
        var message = await RefusalAsync(WithFeatures("amount", "channel", "is_night", "credit_limit", "is_vip", "terminal_tx_count_7d", "terminal_fraud_risk_7d"));

        Assert.Contains("the column 'channel' of the feature service is string, which is no number", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_FeatureServiceThatIsNotDefined_SaysHow()
    {
        var message = await RefusalAsync(_host.MakePackage(manifest => manifest with { FeatureService = manifest.FeatureService! with { Name = "churn" } }));

        Assert.Contains("reads the feature service 'churn' of project 'default', which is not defined", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAsync_OtherFingerprint_IsRefused()
    {
        var message = await RefusalAsync(_host.MakePackage(manifest => manifest with { FeatureService = manifest.FeatureService! with { Fingerprint = new string('0', 64) } }));

        Assert.Contains("with fingerprint 000000000000", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScoreAsync_RowsOfFeatures_GivesOneScoreEach()
    {
        float[] features = [.. Enumerable.Range(0, 6 * 5000).Select(value => (float)value)];

        var scores = await _host.Scorer.ScoreAsync(_host.MakePackage(), features, 5000, "probability", Cancellation);

        Assert.Equal(5000, scores.Length);
        Assert.Equal(FakeInstance.ScoreRow(features.AsSpan(4999 * 6, 6)), scores[4999]);
        Assert.Equal([4096, 904], Assert.Single(_host.Runtime.Opened).Instance.BatchRows);
    }

    [Fact]
    public async Task ScoreAsync_WrongNumberOfValuesOrOutput_IsRefused()
    {
        var package = _host.MakePackage();

        await Assert.ThrowsAsync<RegistryException>(() => _host.Scorer.ScoreAsync(package, new float[7], 1, "probability", Cancellation));
        await Assert.ThrowsAsync<RegistryException>(() => _host.Scorer.ScoreAsync(package, new float[6], 1, "label", Cancellation));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private ModelPackage WithFeatures(params string[] features)
    {
        _host.Runtime.Make = _ => FakeInstance.Score(features.Length);
        return _host.MakePackage(manifest => manifest with { Inputs = [new ManifestInput("features", "FP32", [-1, features.Length], features)] });
    }

    private async Task<string> RefusalAsync(ModelPackage package)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(() => _host.Verifier.VerifyAsync(package, Cancellation));
        Assert.Equal(RegistryError.Refused, exception.Error);
        return exception.Message;
    }
}
