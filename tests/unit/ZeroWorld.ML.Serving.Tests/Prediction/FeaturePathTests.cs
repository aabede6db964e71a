using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class FeaturePathTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task ReadAsync_SameColumnsAsAPrediction_GivesItsCells()
    {
        await _host.StartAsync();
        var request = ServingHost.Request();
        var expected = await _host.Predictions.PredictAsync(request, ServingHost.Cancellation);

        var rows = await _host.Features.ReadAsync(_host.Plan, request.Entities, request.Request, ServingHost.Cancellation);

        Assert.Equal(1, rows.Rows);
        Assert.Equal(expected.FeatureCells.ToArray(), rows.Cells.ToArray());
        Assert.Equal(_host.Plan.Service.Columns, rows.Columns);
    }

    [Fact]
    public async Task ReadAsync_RequestValueThatIsNotGiven_IsItsDefaultWithStatusNull()
    {
        await _host.StartAsync();
        var request = ServingHost.Request();

        var absent = await _host.Features.ReadAsync(_host.Plan, request.Entities, request.Request, ServingHost.Cancellation);
        var given = await _host.Features.ReadAsync(
            _host.Plan, request.Entities, [.. request.Request, new("channel", FeatureType.String, new[] { FeatureValue.FromString("web") })], ServingHost.Cancellation);

        Assert.Equal(new FeatureCell(FeatureValue.FromString("web"), FeatureStatus.Null, null, IsDefaulted: true), absent.Cells.Span[1]);
        Assert.Equal(FeatureCell.Of(FeatureValue.FromString("web")), given.Cells.Span[1]);
        Assert.Equal(FeatureStatus.Present, absent.Cells.Span[0].Status);
    }

    [Fact]
    public async Task ReadAsync_MissingKey_NamesTheService()
    {
        await _host.StartAsync();

        var exception = await Assert.ThrowsAsync<ServingException>(async () => await _host.Features.ReadAsync(_host.Plan, [], [], ServingHost.Cancellation));

        Assert.Equal(ServingError.InvalidInput, exception.Error);
        Assert.Contains("Feature service 'fraud' needs", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefreshAsync_ModelIsLoaded_HasReadBeforeItAnswers()
    {
        _host.Register(1);

        await _host.Servables.RefreshAsync(ServingHost.Cancellation);

        Assert.Contains($"customer/i{long.MinValue}", _host.Store.Reads);
    }
}
