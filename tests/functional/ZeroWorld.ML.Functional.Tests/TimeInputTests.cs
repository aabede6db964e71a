using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A model that makes ages of times, as those of tables do: timestamps of the request and of a view as an input of FP64.</summary>
public sealed class TimeInputTests : IAsyncLifetime
{
    private const string Definitions = """
        version: 1
        entities:
          - { name: holder, keys: [ { name: holder_id, type: int64 } ] }
        feature_views:
          - name: account
            entity: holder
            source: { table: accounts, event_time: at }
            features:
              - { name: opened, type: timestamp }
        feature_services:
          - name: ages
            request: [ { name: applied, type: timestamp } ]
            features: [ applied, "account.opened" ]
        """;

    private const double DayMicroseconds = 86_400e6;
    private static readonly DateTimeOffset Applied = new(2024, 6, 1, 12, 0, 0, 250, TimeSpan.Zero);
    private DefinedServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await DefinedServer.StartAsync(Definitions, CancellationToken.None);
        await _server.ImportAsync(
            "accounts",
            "holder_id,at,opened\n1,2024-01-01T00:00:00Z,2023-06-01T12:00:00.25Z\n2,2024-01-01T00:00:00Z,1955-02-03T04:05:06Z\n3,2024-01-01T00:00:00Z,\n",
            [new("holder_id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("opened", FeatureType.Timestamp)],
            CancellationToken.None);
        var plan = await _server.PlanAsync("ages", CancellationToken.None);
        await _server.MaterializeAsync(plan, CancellationToken.None);
        await RegisterAsync(plan.Service);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Predict_TimestampsAsFloat64_HaveAllTheirDigitsAndAreNaNWhereMissing()
    {
        var query = new PredictionQuery("ages").WithEntity("holder_id", 1, 2, 3, 4).WithValue("applied", Applied).At(Applied);

        var prediction = await _server.Client.PredictAsync(query, Cancellation);

        Assert.Equal(366, (double)prediction.Rows[0].GetOutput("age")!);
        Assert.Equal((Applied - new DateTimeOffset(1955, 2, 3, 4, 5, 6, TimeSpan.Zero)).TotalDays, (double)prediction.Rows[1].GetOutput("age")!, 1e-6);
        Assert.Equal([double.NaN, double.NaN], prediction.Rows.Skip(2).Select(static row => (double)row.GetOutput("age")!));
    }

    private async Task RegisterAsync(FeatureService service) => await _server.RegisterAsync(
        "ages",
        new OnnxGraphBuilder("ages")
            .AddInput(new TensorSpec("times", TensorDtype.Float64, [-1, 2]))
            .AddInitializer("first", [0L], 1)
            .AddInitializer("second", [1L], 1)
            .AddInitializer("day", [DayMicroseconds], 1)
            .AddNode("Gather", ["times", "first"], ["own"], [OnnxAttribute.Of("axis", 1L)])
            .AddNode("Gather", ["times", "second"], ["opened"], [OnnxAttribute.Of("axis", 1L)])
            .AddNode("Sub", ["own", "opened"], ["elapsed"])
            .AddNode("Div", ["elapsed", "day"], ["age"])
            .AddOutput(new TensorSpec("age", TensorDtype.Float64, [-1, 1])),
        service,
        [new("times", "FP64", [-1, 2], ["applied", "opened"])],
        new ManifestOutput("age", "age", "FP64", [-1, 1]),
        new GoldenSample(
            new Dictionary<string, GoldenTensor> { ["times"] = new([2, 2], [3 * DayMicroseconds, DayMicroseconds, DayMicroseconds, double.NaN]) },
            new Dictionary<string, GoldenTensor> { ["age"] = new([2, 1], [2, double.NaN]) }),
        CancellationToken.None);
}
