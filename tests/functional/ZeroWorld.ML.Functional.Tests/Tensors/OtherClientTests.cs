using System.Net;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>The calls that perf_analyzer and KServe's client make, in their order, and what they read of the answers: neither runs here, and both break off on the first field that they miss.</summary>
public sealed class OtherClientTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>perf_analyzer -i grpc: extensions, metadata, configuration, statistics, requests with ids, statistics again.</summary>
    [Fact]
    public async Task PerfAnalyzer_OverGrpc_FindsWhatItAsksFor()
    {
        var extensions = (await server.Grpc.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation)).Extensions;
        var metadata = await server.Grpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "simple" }, cancellationToken: Cancellation);
        var config = (await server.Grpc.ModelConfigAsync(new ModelConfigRequest { Name = "simple" }, cancellationToken: Cancellation)).Config;
        var before = (await server.Grpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "simple" }, cancellationToken: Cancellation)).ModelStats[0];

        for (var request = 0; request < 5; request++)
        {
            var infer = TensorRequests.Simple();
            infer.Id = $"{request}";
            Assert.Equal($"{request}", (await server.Grpc.ModelInferAsync(infer, cancellationToken: Cancellation)).Id);
        }

        var after = (await server.Grpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "simple" }, cancellationToken: Cancellation)).ModelStats[0];

        Assert.Contains("statistics", extensions);
        Assert.Contains("model_configuration", extensions);
        Assert.Equal(config.Input.Select(static input => input.Name), metadata.Inputs.Select(static input => input.Name));
        Assert.Equal(config.Output.Select(static output => output.Name), metadata.Outputs.Select(static output => output.Name));

        // The batch dimension is in the metadata and not in the configuration.
        Assert.All(metadata.Inputs.Zip(config.Input), static pair => Assert.Equal(pair.First.Shape.Skip(1), pair.Second.Dims));
        Assert.True(config.MaxBatchSize > 0 && config.ModelTransactionPolicy is not null && config.ResponseCache is not null && config.DynamicBatching is not null);
        Assert.True(after.InferenceStats.Success.Count - before.InferenceStats.Success.Count >= 5 && after.InferenceCount > before.InferenceCount && after.ExecutionCount > before.ExecutionCount);
        var stats = after.InferenceStats;
        Assert.Equal([stats.Success.Count, stats.Success.Count, stats.Success.Count, stats.Success.Count], [stats.Queue.Count, stats.ComputeInput.Count, stats.ComputeInfer.Count, stats.ComputeOutput.Count]);
    }

    /// <summary>--grpc-compression-algorithm, and -C of Triton's examples: requests that are packed, with a deadline and a header of the caller.</summary>
    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 8)]
    [InlineData("deflate", 1)]
    [InlineData("deflate", 8)]
    public async Task PerfAnalyzer_PackedOverGrpc_IsAnswered(string encoding, int rows)
    {
        var headers = new Metadata { { "grpc-internal-encoding-request", encoding }, { "test", "1" } };

        var answer = await server.Grpc.ModelInferAsync(TensorRequests.Simple(rows), headers, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1), Cancellation);

        Assert.Equal(Enumerable.Range(1, 16 * rows), TensorRequests.Ints(answer.RawOutputContents[0]));
    }

    /// <summary>perf_analyzer -i grpc --streaming.</summary>
    [Fact]
    public async Task PerfAnalyzer_Streaming_GetsOneFinalAnswerPerRequest()
    {
        using var stream = server.Grpc.ModelStreamInfer(cancellationToken: Cancellation);
        var request = TensorRequests.Simple();
        request.Id = "1";
        request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        request.Parameters["sequence_id"] = new InferParameter { Int64Param = 3 };
        request.Parameters["sequence_start"] = new InferParameter { BoolParam = true };
        request.Parameters["sequence_end"] = new InferParameter { BoolParam = true };

        await stream.RequestStream.WriteAsync(request, Cancellation);
        await stream.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in stream.ResponseStream.ReadAllAsync(Cancellation))
        {
            answers.Add(answer);
        }

        var only = Assert.Single(answers);
        Assert.Equal(("", "1", true), (only.ErrorMessage, only.InferResponse.Id, only.InferResponse.Parameters["triton_final_response"].BoolParam));
    }

    /// <summary>perf_analyzer -i http: it reads fields without asking whether they are there, and counts as unsigned numbers.</summary>
    [Fact]
    public async Task PerfAnalyzer_OverHttp_FindsEveryFieldWithItsKind()
    {
        using var root = await GetAsync("/v2");
        using var metadata = await GetAsync("/v2/models/simple");
        using var config = await GetAsync("/v2/models/simple/config");
        using var statistics = await GetAsync("/v2/models/simple/stats");

        Assert.NotEmpty(root.RootElement.GetProperty("extensions").EnumerateArray().Select(static extension => extension.GetString()!));
        Assert.Equal("simple", metadata.RootElement.GetProperty("name").GetString());
        foreach (var tensor in metadata.RootElement.GetProperty("inputs").EnumerateArray().Concat(metadata.RootElement.GetProperty("outputs").EnumerateArray()))
        {
            Assert.NotEmpty(tensor.GetProperty("name").GetString()!);
            Assert.NotEmpty(tensor.GetProperty("datatype").GetString()!);
            Assert.All(tensor.GetProperty("shape").EnumerateArray(), static size => size.GetInt64());
        }

        Assert.Equal(8, config.RootElement.GetProperty("max_batch_size").GetInt64());
        Assert.False(config.RootElement.GetProperty("model_transaction_policy").GetProperty("decoupled").GetBoolean());
        Assert.False(config.RootElement.GetProperty("response_cache").GetProperty("enable").GetBoolean());
        Assert.True(config.RootElement.TryGetProperty("dynamic_batching", out _));
        Assert.False(config.RootElement.TryGetProperty("sequence_batching", out _) || config.RootElement.TryGetProperty("ensemble_scheduling", out _));
        Assert.All(config.RootElement.GetProperty("input").EnumerateArray(), static input => input.GetProperty("optional").GetBoolean());
        var model = Assert.Single(statistics.RootElement.GetProperty("model_stats").EnumerateArray());
        Assert.Equal(("simple", "1"), (model.GetProperty("name").GetString(), model.GetProperty("version").GetString()));
        model.GetProperty("inference_count").GetUInt64();
        model.GetProperty("execution_count").GetUInt64();
        foreach (var name in (ReadOnlySpan<string>)["success", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"])
        {
            model.GetProperty("inference_stats").GetProperty(name).GetProperty("count").GetUInt64();
            model.GetProperty("inference_stats").GetProperty(name).GetProperty("ns").GetUInt64();
        }
    }

    /// <summary>perf_analyzer --trace-level: settings come as lists.</summary>
    [Fact]
    public async Task PerfAnalyzer_TraceOptions_AreTakenAsLists()
    {
        using var response = await server.Http.PostAsync(
            server.Path("/v2/trace/setting"), new StringContent("""{"trace_level":["OFF"],"trace_rate":["1000"],"trace_count":["-1"]}""", Encoding.UTF8, "application/json"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>KServe's InferenceRESTClient: health as JSON, infer without a content type, the model's name in the body too, the answer's JSON whole.</summary>
    [Fact]
    public async Task KServe_OverRest_FindsWhatItReads()
    {
        using var live = await GetAsync("/v2/health/live");
        using var ready = await GetAsync("/v2/health/ready");
        using var model = await GetAsync("/v2/models/simple/ready");
        var values = string.Join(',', Enumerable.Range(0, 16));
        var body = $$"""
            {"id": "9", "model_name": "simple", "inputs": [{"name": "INPUT0", "shape": [1, 16], "datatype": "INT32", "data": [{{values}}]}, {"name": "INPUT1", "shape": [1, 16], "datatype": "INT32", "data": [[{{values}}]]}]}
            """;

        using var response = await server.Http.PostAsync(server.Path("/v2/models/simple/infer"), new ByteArrayContent(Encoding.UTF8.GetBytes(body)), Cancellation);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        using var missing = await server.Http.PostAsync(server.Path("/v2/models/nothing/infer"), new ByteArrayContent(Encoding.UTF8.GetBytes(body)), Cancellation);

        Assert.True(live.RootElement.GetProperty("live").GetBoolean() && ready.RootElement.GetProperty("ready").GetBoolean() && model.RootElement.GetProperty("ready").GetBoolean());
        Assert.Equal(("simple", "1", "9"), (Text(answer, "model_name"), Text(answer, "model_version"), Text(answer, "id")));
        var output = answer.RootElement.GetProperty("outputs")[0];
        Assert.Equal(("OUTPUT0", "INT32"), (output.GetProperty("name").GetString(), output.GetProperty("datatype").GetString()));
        Assert.Equal([1L, 16L], output.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64()));
        Assert.Equal(Enumerable.Range(0, 16).Select(static value => 2 * value), output.GetProperty("data").EnumerateArray().Select(static value => value.GetInt32()));

        // It shows the text of an error where the type is exactly this.
        Assert.Equal((HttpStatusCode.NotFound, "application/json"), (missing.StatusCode, missing.Content.Headers.ContentType!.ToString()));
    }

    /// <summary>KServe's InferenceGRPCClient: tensors as typed contents, readiness as a flag.</summary>
    [Fact]
    public async Task KServe_OverGrpc_TypedContentsAreAnswered()
    {
        var request = new ModelInferRequest { ModelName = "simple", Id = "9" };
        foreach (var name in (ReadOnlySpan<string>)["INPUT0", "INPUT1"])
        {
            request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor
            {
                Name = name, Datatype = "INT32", Shape = { 1, 16 }, Contents = new InferTensorContents { IntContents = { Enumerable.Range(0, 16) } },
            });
        }

        var answer = await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation);

        Assert.True((await server.Grpc.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
        Assert.True((await server.Grpc.ModelReadyAsync(new ModelReadyRequest { Name = "simple" }, cancellationToken: Cancellation)).Ready);
        Assert.False((await server.Grpc.ModelReadyAsync(new ModelReadyRequest { Name = "nothing" }, cancellationToken: Cancellation)).Ready);
        Assert.Equal("9", answer.Id);
        Assert.Equal(30, BitConverter.ToInt32(answer.RawOutputContents[0].Span[^4..]));
    }

    private async Task<JsonDocument> GetAsync(string path) => JsonDocument.Parse(await server.Http.GetStringAsync(server.Path(path), Cancellation));

    private static string? Text(JsonDocument json, string property) => json.RootElement.GetProperty(property).GetString();
}
