using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.V1;

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
    private readonly TempFolder _folder = new();
    private FraudServer _server = null!;
    private ZeroWorldClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await FraudServer.StartAsync(null, CancellationToken.None, new Dictionary<string, string> { ["Serving:Prediction:FeatureTimeout"] = "10s" });
        _client = await _server.ApplyAsync("ages.yaml", Definitions, CancellationToken.None);
        var csv = _folder.Combine("accounts.csv");
        await File.WriteAllTextAsync(csv, "holder_id,at,opened\n1,2024-01-01T00:00:00Z,2023-06-01T12:00:00.25Z\n2,2024-01-01T00:00:00Z,1955-02-03T04:05:06Z\n3,2024-01-01T00:00:00Z,\n", CancellationToken.None);
        await _server.Server.Services.GetRequiredService<IOfflineStore>().ImportAsync(
            new TableImport("default", "accounts", csv, [new("holder_id", FeatureType.Int64), new("at", FeatureType.Timestamp), new("opened", FeatureType.Timestamp)], null), CancellationToken.None);
        var plan = await _server.Server.Services.GetRequiredService<FeatureServiceCatalog>().GetAsync(ModelName.DefaultProject, "ages", CancellationToken.None);
        await _server.Server.Services.GetRequiredService<Materializer>().RunAsync([.. plan.Views.Select(static view => view.Field)], null, CancellationToken.None);
        await _server.Server.Services.GetRequiredService<CoverageCache>().RefreshAsync(CancellationToken.None);
        await RegisterAsync(plan.Service);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Predict_TimestampsAsFloat64_HaveAllTheirDigitsAndAreNaNWhereMissing()
    {
        var query = new PredictionQuery("ages").WithEntity("holder_id", 1, 2, 3, 4).WithValue("applied", Applied).At(Applied);

        var prediction = await _client.PredictAsync(query, Cancellation);

        Assert.Equal(366, (double)prediction.Rows[0].GetOutput("age")!);
        Assert.Equal((Applied - new DateTimeOffset(1955, 2, 3, 4, 5, 6, TimeSpan.Zero)).TotalDays, (double)prediction.Rows[1].GetOutput("age")!, 1e-6);
        Assert.Equal([double.NaN, double.NaN], prediction.Rows.Skip(2).Select(static row => (double)row.GetOutput("age")!));
    }

    private async Task RegisterAsync(FeatureService service)
    {
        var folder = _folder.Combine("ages");
        Directory.CreateDirectory(folder);
        new OnnxGraphBuilder("ages")
            .AddInput(new TensorSpec("times", TensorDtype.Float64, [-1, 2]))
            .AddInitializer("first", [0L], 1)
            .AddInitializer("second", [1L], 1)
            .AddInitializer("day", [DayMicroseconds], 1)
            .AddNode("Gather", ["times", "first"], ["own"], [OnnxAttribute.Of("axis", 1L)])
            .AddNode("Gather", ["times", "second"], ["opened"], [OnnxAttribute.Of("axis", 1L)])
            .AddNode("Sub", ["own", "opened"], ["elapsed"])
            .AddNode("Div", ["elapsed", "day"], ["age"])
            .AddOutput(new TensorSpec("age", TensorDtype.Float64, [-1, 1]))
            .Write(Path.Combine(folder, "model.onnx"));
        await ModelPackageWriter.WriteAsync(
            folder,
            new ModelPackageContent
            {
                Model = new ModelName("default", "ages"),
                FeatureService = new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
                Inputs = [new("times", "FP64", [-1, 2], ["applied", "opened"])],
                Outputs = [new ManifestOutput("age", "age", "FP64", [-1, 1])],
                GoldenSamples =
                [
                    new GoldenSample(
                        new Dictionary<string, GoldenTensor> { ["times"] = new([2, 2], [3 * DayMicroseconds, DayMicroseconds, DayMicroseconds, double.NaN]) },
                        new Dictionary<string, GoldenTensor> { ["age"] = new([2, 1], [2, double.NaN]) }),
                ],
                Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
            },
            CancellationToken.None);
        await _server.UploadAsync(folder, "ages", CancellationToken.None);
        await _client.Registry.SetAliasAsync(new SetAliasRequest { Model = "ages", Alias = "champion", Version = 1 }, cancellationToken: CancellationToken.None);
    }
}
