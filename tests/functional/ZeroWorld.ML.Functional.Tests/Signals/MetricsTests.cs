using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>What /metrics says about requests that were made, and what the dashboard asks of it.</summary>
public sealed partial class MetricsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_Requests_StagesAddUpAndTritonsNamesAgreeWithTheStatistics()
    {
        await UseAsync();

        var samples = Parse(await ReadAsync());

        foreach (var kind in (ReadOnlySpan<string>)["infer", "predict"])
        {
            var labels = $"project=\"default\",model_name=\"fraud\",model_version=\"1\",request_kind=\"{kind}\"";
            var whole = samples[$"zeroworld_serving_request_duration_seconds_sum{{{labels}}}"];
            var stages = samples.Where(sample => sample.Key.StartsWith($"zeroworld_serving_stage_duration_seconds_sum{{{labels},", StringComparison.Ordinal)).ToList();
            var counts = samples.Where(sample => sample.Key.StartsWith($"zeroworld_serving_stage_duration_seconds_count{{{labels},", StringComparison.Ordinal)).ToList();
            Assert.Equal(kind == "infer" ? 7 : 8, stages.Count);
            Assert.Equal(whole, stages.Sum(static sample => sample.Value), 6);
            Assert.All(counts, count => Assert.Equal(samples[$"zeroworld_serving_request_duration_seconds_count{{{labels}}}"], count.Value));
            Assert.Equal(
                samples[$"zeroworld_serving_request_duration_seconds_count{{{labels}}}"],
                samples[$"zeroworld_serving_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}"]);
            Assert.All(stages.Where(static stage => Regex.IsMatch(stage.Key, "stage=\"(decode|infer|encode)\"")), static stage => Assert.True(stage.Value > 0, stage.Key));
        }

        var statistics = (await _fraud.Client.Inference.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "fraud", Version = "1" }, cancellationToken: Cancellation)).ModelStats[0];
        const string Triton = "{model=\"fraud\",version=\"1\"}";
        Assert.Equal(statistics.InferenceStats.Success.Count, samples[$"nv_inference_request_success{Triton}"]);
        Assert.Equal(statistics.InferenceCount, samples[$"nv_inference_count{Triton}"]);
        Assert.Equal(statistics.ExecutionCount, samples[$"nv_inference_exec_count{Triton}"]);
        Assert.Equal(statistics.InferenceStats.Queue.Ns / 1000, samples[$"nv_inference_queue_duration_us{Triton}"]);
        Assert.True(samples["nv_inference_request_failure{model=\"fraud\",reason=\"OTHER\",version=\"1\"}"] >= 1);
        Assert.Equal(0, samples[$"nv_inference_pending_request_count{Triton}"]);
        Assert.InRange(samples[$"nv_model_load_duration_secs{Triton}"], 0.0001, 600);
        Assert.InRange(samples["nv_cpu_utilization"], 0, 1);
        Assert.True(samples["nv_cpu_memory_used_bytes"] < samples["nv_cpu_memory_total_bytes"]);
    }

    [Fact]
    public async Task Metrics_Text_HasEachFamilyOnceAndNothingAboutEntities()
    {
        await UseAsync();

        var text = await ReadAsync();

        var families = Family().Matches(text).Select(static match => match.Groups["name"].Value).ToList();
        Assert.DoesNotContain(families.CountBy(static name => name), static count => count.Value > 1);
        Assert.DoesNotContain("customer_id", text, StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", text, StringComparison.Ordinal);
        Assert.Contains("service_name=\"zeroworld\"", text, StringComparison.Ordinal);
    }

    /// <summary>Prometheus itself asks for gzip.</summary>
    [Theory]
    [InlineData("gzip", "gzip", "/metrics")]
    [InlineData("gzip", "gzip", "/Metrics/")]
    [InlineData("deflate;q=0.5, gzip;q=0.1", "deflate", "/metrics")]
    [InlineData("zstd", null, "/metrics/")]
    public async Task Metrics_CallerTakesCompression_AreOneBodyInIt(string accepted, string? encoding, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_fraud.Server.Addresses.Metrics, path));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);

        using var response = await _fraud.Http.SendAsync(request, Cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        using var packed = new MemoryStream(body);
        await using Stream unpacked = encoding switch { "gzip" => new GZipStream(packed, CompressionMode.Decompress), "deflate" => new ZLibStream(packed, CompressionMode.Decompress), _ => packed };
        using var reader = new StreamReader(unpacked);
        var text = await reader.ReadToEndAsync(Cancellation);
        Assert.Contains("\nnv_cpu_memory_total_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("\ndotnet_", text, StringComparison.Ordinal);
        Assert.Equal(packed.Length, packed.Position);
    }

    [Fact]
    public async Task Dashboard_EveryQuery_AsksForMetricsThatAreThere()
    {
        await UseAsync();
        var text = await ReadAsync() + await ReadPaddedAsync();
        var names = Sample().Matches(text).Select(static match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "gpu-nodes/deploy/grafana/serving.json"), Cancellation));
        var queries = dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(static panel => panel.TryGetProperty("targets", out _))
            .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray().Select(static target => target.GetProperty("expr").GetString()!))
            .Concat(dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray().Where(static variable => variable.TryGetProperty("definition", out _))
                .Select(static variable => variable.GetProperty("definition").GetString()!))
            .ToList();

        var asked = queries.SelectMany(static query => Asked().Matches(query)).Select(static match => match.Value).ToHashSet(StringComparer.Ordinal);

        Assert.True(queries.Count > 20 && asked.Count > 15, $"{queries.Count} queries, {asked.Count} names");
        Assert.Empty(asked.Except(names));
    }

    private async Task UseAsync()
    {
        await _fraud.Client.PredictAsync(FraudServer.Query(), Cancellation);
        await _fraud.Client.InferAsync("fraud", [Float32Tensor.Create("features", [3, 15], new float[45])], "1", cancellationToken: Cancellation);
        using var rest = await _fraud.PostAsync(
            "/v2/models/fraud/versions/1/infer", $$"""{"inputs": [{"name": "features", "shape": [1, 15], "datatype": "FP32", "data": [{{string.Join(',', new int[15])}}]}]}""", Cancellation);
        Assert.True(rest.IsSuccessStatusCode);
        await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.InferAsync("fraud", [Float32Tensor.Create("nothing", [1], [1])], "1", cancellationToken: Cancellation));
    }

    /// <summary>What a server says that has run a model with padding.</summary>
    private static async Task<string> ReadPaddedAsync()
    {
        await using var server = await TensorServer.StartNewAsync(new Dictionary<string, string> { ["Models:Control"] = "Explicit" });
        TensorModels.WriteIdentity(
            server.Models,
            "padded",
            TensorDtype.Float32,
            [-1, -1],
            "{ batch_rows_max: 8, padding: { rows: [4, 8], axes: [{ sizes: [8, 16], inputs: [{ name: INPUT0, axis: 1 }], outputs: [{ name: OUTPUT0, axis: 1 }] }] } }",
            "model.yaml");
        await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "padded" }, cancellationToken: Cancellation);
        using var client = new ZeroWorldClient(server.Server.Addresses.Grpc.ToString());

        var outputs = await client.InferAsync("padded", [Float32Tensor.Create("INPUT0", [2, 3], [1, 2, 3, 4, 5, 6])], cancellationToken: Cancellation);

        Assert.Equal([2L, 3L], outputs[0].Shape);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], Float32Tensor.ToArray(outputs[0]));
        var text = await server.Http.GetStringAsync(new Uri(server.Server.Addresses.Metrics, "/metrics"), Cancellation);
        var samples = Parse(text);

        // 2 rows of 3 became 4 of 8.
        const string Labels = "{otel_scope_name=\"ZeroWorld.ML.Serving\",model_name=\"padded\",model_version=\"1\",project=\"default\"}";
        Assert.Equal((24, 104), (samples[$"zeroworld_serving_batch_unpadded_bytes_total{Labels}"], samples[$"zeroworld_serving_batch_padding_bytes_total{Labels}"]));
        return text;
    }

    private Task<string> ReadAsync() => _fraud.Http.GetStringAsync(new Uri(_fraud.Server.Addresses.Metrics, "/metrics"), Cancellation);

    // Only what is ours: the framework's own meters are one per host, and other servers of this process have the same labels: what has no model among them is there once for each.
    private static Dictionary<string, double> Parse(string text) => text.Split('\n')
        .Where(static line => line.StartsWith("zeroworld_", StringComparison.Ordinal) || line.StartsWith("nv_", StringComparison.Ordinal))
        .Select(static line => line.Split(' '))
        .Where(static parts => parts.Length == 2)
        .GroupBy(static parts => parts[0], static parts => parts[1] == "+Inf" ? double.PositiveInfinity : double.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal)
        .ToDictionary(static sample => sample.Key, static sample => sample.Max(), StringComparer.Ordinal);

    [GeneratedRegex("^# TYPE (?<name>[a-z_A-Z0-9]+) ", RegexOptions.Multiline)]
    private static partial Regex Family();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Sample();

    // Names with a prefix of ours: everything else in a query is a function or a label.
    [GeneratedRegex(@"\b(zeroworld|nv|dotnet|kestrel)_[a-z0-9_]+\b")]
    private static partial Regex Asked();
}
