using System.Net;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Inference;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Output = Inference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class TensorExtensionTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ModelConfig_GrpcAndRest_SayTheSame()
    {
        var config = (await server.Grpc.ModelConfigAsync(new ModelConfigRequest { Name = "simple" }, cancellationToken: Cancellation)).Config;
        using var json = await GetAsync("/v2/models/simple/config");

        Assert.Equal(("simple", "onnxruntime_onnx", "onnxruntime", 8), (config.Name, config.Platform, config.Backend, config.MaxBatchSize));
        Assert.Equal(("INPUT0", DataType.TypeInt32), (config.Input[0].Name, config.Input[0].DataType));
        Assert.Equal([16L], config.Input[0].Dims);
        Assert.Equal([16L], config.Output[1].Dims);
        Assert.NotNull(config.DynamicBatching);
        Assert.False(config.ModelTransactionPolicy.Decoupled);
        Assert.Equal(ModelInstanceGroup.Types.Kind.Cpu, Assert.Single(config.InstanceGroup).Kind);
        Assert.Equal([1L], config.VersionPolicy.Specific.Versions);
        Assert.Equal("TYPE_INT32", json.RootElement.GetProperty("input")[0].GetProperty("data_type").GetString());
        Assert.Equal("[16]", json.RootElement.GetProperty("input")[0].GetProperty("dims").GetRawText());
        Assert.Equal(8, json.RootElement.GetProperty("max_batch_size").GetInt32());
        Assert.True(json.RootElement.TryGetProperty("dynamic_batching", out _));
    }

    [Fact]
    public async Task ModelConfig_ModelWithoutRows_HasAllDimensionsAndNoBatching()
    {
        var config = (await server.Grpc.ModelConfigAsync(new ModelConfigRequest { Name = "scalar", Version = "1" }, cancellationToken: Cancellation)).Config;

        Assert.Equal(0, config.MaxBatchSize);
        Assert.Null(config.DynamicBatching);
        Assert.Empty(config.Input[0].Dims);
    }

    [Fact]
    public async Task ModelStatistics_GoodAndBadRequests_AddUp()
    {
        const string Model = "identity_uint32";
        const int Good = 25;
        const int Bad = 5;
        await Task.WhenAll(Enumerable.Range(0, Good).Select(_ => server.Grpc.ModelInferAsync(TensorRequests.Raw(Model, "UINT32", [2, 1], new byte[8]), cancellationToken: Cancellation).ResponseAsync));
        for (var index = 0; index < Bad; index++)
        {
            await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(TensorRequests.Raw(Model, "UINT32", [2, 1], new byte[7]), cancellationToken: Cancellation));
        }

        var statistics = Assert.Single((await server.Grpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = Model }, cancellationToken: Cancellation)).ModelStats);
        using var json = await GetAsync($"/v2/models/{Model}/versions/1/stats");
        using var all = await GetAsync("/v2/models/stats");

        Assert.Equal((Model, "1"), (statistics.Name, statistics.Version));
        Assert.Equal(((ulong)Good, (ulong)Bad), (statistics.InferenceStats.Success.Count, statistics.InferenceStats.Fail.Count));
        Assert.Equal(2UL * Good, statistics.InferenceCount);
        Assert.InRange(statistics.ExecutionCount, 1UL, (ulong)Good);
        Assert.Equal(statistics.ExecutionCount, statistics.BatchStats.Aggregate(0UL, (sum, batch) => sum + batch.ComputeInfer.Count));
        Assert.True(statistics.InferenceStats.Success.Ns >= statistics.InferenceStats.Queue.Ns + statistics.InferenceStats.ComputeInfer.Ns);
        Assert.True(statistics.MemoryUsage[0].ByteSize > 0);
        var rest = json.RootElement.GetProperty("model_stats")[0];
        Assert.Equal(2 * Good, rest.GetProperty("inference_count").GetInt32());
        Assert.Equal(Good, rest.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt32());
        Assert.Contains(all.RootElement.GetProperty("model_stats").EnumerateArray(), item => item.GetProperty("name").GetString() == Model);
    }

    [Fact]
    public async Task Repository_UnloadAndLoad_TakeTheModelAwayAndBringItBack()
    {
        TensorModels.WriteSimple(server.Models, "coming");
        var coming = new RepositoryModelLoadRequest { ModelName = "coming" };

        await server.Grpc.RepositoryModelLoadAsync(coming, cancellationToken: Cancellation);
        Assert.Equal("READY", (await StateAsync("coming")).State);
        using var unload = await PostAsync("/v2/repository/models/coming/unload", """{"parameters":{"unload_dependents":false}}""");
        Assert.Equal((HttpStatusCode.OK, ""), (unload.StatusCode, await unload.Content.ReadAsStringAsync(Cancellation)));
        using var ready = await server.Http.GetAsync(server.Path("/v2/models/coming/ready"), Cancellation);
        Assert.False(ready.IsSuccessStatusCode);
        Assert.Contains((await StateAsync("coming")).State, new[] { "UNLOADING", "UNAVAILABLE" });
        using var load = await PostAsync("/v2/repository/models/coming/load", "");
        Assert.Equal(HttpStatusCode.OK, load.StatusCode);
        using var index = await PostAsync("/v2/repository/index", """{"ready":true}""");
        Assert.Contains("""{"name":"coming","version":"1","state":"READY","reason":""}""", await index.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RepositoryModelLoad_WithAConfiguration_IsServedByItUntilItIsUnloaded()
    {
        TensorModels.WriteSimple(server.Models, "configured");
        await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "configured" }, cancellationToken: Cancellation);
        Assert.Equal(8, await RowsMaxAsync("configured"));

        await server.Grpc.RepositoryModelLoadAsync(Load("config", new ModelRepositoryParameter { StringParam = """{"max_batch_size":"16"}""" }), cancellationToken: Cancellation);
        Assert.Equal(16, await RowsMaxAsync("configured"));
        foreach (var (name, value, code) in new (string, ModelRepositoryParameter, StatusCode)[]
        {
            ("config", new ModelRepositoryParameter { StringParam = "{{" }, StatusCode.InvalidArgument),
            ("config", new ModelRepositoryParameter { Int64Param = 1 }, StatusCode.InvalidArgument),
            ("config", new ModelRepositoryParameter { StringParam = """{"name":"other"}""" }, StatusCode.InvalidArgument),
            ("file:1/model.onnx", new ModelRepositoryParameter { BytesParam = Google.Protobuf.ByteString.Empty }, StatusCode.InvalidArgument),
            ("files", new ModelRepositoryParameter { BytesParam = Google.Protobuf.ByteString.Empty }, StatusCode.Unimplemented),
        })
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.RepositoryModelLoadAsync(Load(name, value), cancellationToken: Cancellation));
            Assert.Equal(code, refused.StatusCode);
            Assert.StartsWith("failed to load 'configured'", refused.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(16, await RowsMaxAsync("configured"));
        }

        using var again = await PostAsync("/v2/repository/models/configured/load", "");
        Assert.Equal(16, await RowsMaxAsync("configured"));
        using var unload = await PostAsync("/v2/repository/models/configured/unload", "");
        using var back = await PostAsync("/v2/repository/models/configured/load", "");
        Assert.Equal(8, await RowsMaxAsync("configured"));

        static RepositoryModelLoadRequest Load(string name, ModelRepositoryParameter value) => new() { ModelName = "configured", Parameters = { [name] = value } };
    }

    [Fact]
    public async Task RepositoryModelLoad_WithFiles_ServesThem()
    {
        TensorModels.WriteSimple(server.Models, "donor");
        var file = await File.ReadAllBytesAsync(Path.Combine(server.Models, "donor", "1", "model.onnx"), Cancellation);
        var configuration = new ModelRepositoryParameter { StringParam = """{"backend":"onnxruntime","max_batch_size":4}""" };

        await server.Grpc.RepositoryModelLoadAsync(
            new RepositoryModelLoadRequest
            {
                ModelName = "guest",
                Parameters = { ["config"] = configuration, ["file:7/model.onnx"] = new ModelRepositoryParameter { BytesParam = Google.Protobuf.ByteString.CopyFrom(file) } },
            },
            cancellationToken: Cancellation);
        Assert.Equal(("7", "READY"), ((await StateAsync("guest")).Version, (await StateAsync("guest")).State));
        Assert.Equal(4, await RowsMaxAsync("guest"));

        // A file is base64 in JSON.
        var body = $$$"""{"parameters":{"config":"{\"max_batch_size\":2}","file:8/model.onnx":"{{{Convert.ToBase64String(file)}}}"}}""";
        using var rest = await PostAsync("/v2/repository/models/guest/load", body);
        Assert.Equal((HttpStatusCode.OK, ""), (rest.StatusCode, await rest.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal(2, await RowsMaxAsync("guest"));
        using var wrong = await PostAsync("/v2/repository/models/guest/load", """{"parameters":{"config":"{}","file:8/model.onnx":"%%"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("The value of the parameter 'file:8/model.onnx' is not base64", await wrong.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        using var unload = await PostAsync("/v2/repository/models/guest/unload", "");
        Assert.Equal(HttpStatusCode.OK, unload.StatusCode);
    }

    [Theory]
    [InlineData("nobody", StatusCode.NotFound, "failed to load 'nobody', failed to poll from model repository")]
    [InlineData("", StatusCode.InvalidArgument, "failed to load '': Model name cannot be empty. Please enter a valid name to deploy.")]
    [InlineData(" ", StatusCode.InvalidArgument, "Model name cannot be empty. Please enter a valid name to deploy.")]
    [InlineData("../simple", StatusCode.InvalidArgument, "failed to load '../simple': model name must not contain path traversal characters")]
    [InlineData(" ..", StatusCode.InvalidArgument, "model name must not contain path traversal characters")]
    [InlineData("...", StatusCode.InvalidArgument, "failed to load '...', failed to poll from model repository")]
    public async Task RepositoryModelLoad_NoSuchModel_IsRefused(string model, StatusCode code, string message)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = model }, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(message, exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repository_ANameOfARepository_IsNotImplemented()
    {
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.RepositoryIndexAsync(new RepositoryIndexRequest { RepositoryName = "r" }, cancellationToken: Cancellation));
        using var rest = await PostAsync("/v2/repository/r/index", "");

        Assert.Equal(StatusCode.Unimplemented, exception.StatusCode);
        Assert.Equal(HttpStatusCode.NotImplemented, rest.StatusCode);
    }

    [Fact]
    public async Task LogSettings_Changed_TakeEffectAtOnce()
    {
        var logger = server.Server.Services.GetRequiredService<ILoggerFactory>().CreateLogger("ZeroWorld.ML.Test");
        Assert.True(logger.IsEnabled(LogLevel.Error));

        var settings = await server.Grpc.LogSettingsAsync(
            new LogSettingsRequest
            {
                Settings =
                {
                    ["log_verbose_level"] = new LogSettingsRequest.Types.SettingValue { Uint32Param = 1 }, ["log_error"] = new LogSettingsRequest.Types.SettingValue { BoolParam = false },
                },
            },
            cancellationToken: Cancellation);

        Assert.Equal((1U, false), (settings.Settings["log_verbose_level"].Uint32Param, settings.Settings["log_error"].BoolParam));
        Assert.False(logger.IsEnabled(LogLevel.Error));
        using var back = await PostAsync("/v2/logging", """{"log_verbose_level":0,"log_error":true,"log_file":null}""");
        Assert.Equal(
            """{"log_file":"","log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""", await back.Content.ReadAsStringAsync(Cancellation));
        Assert.True(logger.IsEnabled(LogLevel.Error));
    }

    [Theory]
    [InlineData("/v2/logging", """{"log_file":"/etc/passwd"}""", HttpStatusCode.NotImplemented)]
    [InlineData("/v2/logging", """{"log_info":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/logging", """{"log_verbose_level":-1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/logging", """{"log_colour":true}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/logging", """[]""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/logging", """{"\ud800":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/trace/setting", """{"trace_level":["TIMESTAMPS"]}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/trace/setting", """{"trace_colour":"x"}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/trace/setting", """{"trace_level":["OFF"],"trace_rate":null}""", HttpStatusCode.OK)]
    [InlineData("/v2/models/simple/trace/setting", """{"trace_level":"OFF"}""", HttpStatusCode.OK)]
    [InlineData("/v2/repository/index", """{"ready":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/cudasharedmemory/region/x/register", "{}", HttpStatusCode.NotImplemented)]
    [InlineData("/v2/cudasharedmemory/unregister", "", HttpStatusCode.OK)]
    [InlineData("/v2/systemsharedmemory/register", """{"key":"/k","byte_size":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/systemsharedmemory/region/x/register", """{"byte_size":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/systemsharedmemory/region/x/register", """{"key":"/../etc/passwd","byte_size":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/systemsharedmemory/region/x/register", """{"key":"/nothing-there-3141","byte_size":1}""", HttpStatusCode.BadRequest)]
    [InlineData("/v2/systemsharedmemory/region/x/register", """{"key":"/k","byte_size":-1}""", HttpStatusCode.BadRequest)]
    public async Task Post_Settings_HaveTheirStatus(string path, string body, HttpStatusCode status)
    {
        using var response = await PostAsync(path, body);

        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancellation)}");
    }

    [Fact]
    public async Task SharedMemory_InputsAndOutputs_AreReadAndWrittenThere()
    {
        using var memory = SharedMemoryFile.Create(256);
        memory.Write(0, TensorRequests.Simple().RawInputContents[0].ToByteArray());
        memory.Write(64, TensorRequests.Simple().RawInputContents[1].ToByteArray());
        await server.Grpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "g", Key = memory.Key, ByteSize = 256 }, cancellationToken: Cancellation);
        var request = new ModelInferRequest
        {
            ModelName = "simple",
            Inputs = { TensorRequests.New("INPUT0", "INT32", 1, 16), TensorRequests.New("INPUT1", "INT32", 1, 16) },
            Outputs = { new Output { Name = "OUTPUT0", Parameters = { Range("g", 128, 64) } }, new Output { Name = "OUTPUT1" } },
        };
        request.Inputs[0].Parameters.Add(Range("g", 0, 64));
        request.Inputs[1].Parameters.Add(Range("g", 64, 64));

        var response = await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation);
        using var rest = await PostAsync(
            "/v2/models/simple/infer",
            """
            {"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"shared_memory_region":"g","shared_memory_byte_size":64}},
            {"name":"INPUT1","shape":[1,16],"datatype":"INT32","parameters":{"shared_memory_region":"g","shared_memory_byte_size":64,"shared_memory_offset":64}}],
            "outputs":[{"name":"OUTPUT1","parameters":{"shared_memory_region":"g","shared_memory_byte_size":64,"shared_memory_offset":192}}]}
            """);

        Assert.Empty(response.RawOutputContents[0]);
        Assert.Equal(Enumerable.Range(-1, 16), TensorRequests.Ints(response.RawOutputContents[1]));
        Assert.Equal(Enumerable.Range(1, 16), memory.Ints(128));
        Assert.Equal(HttpStatusCode.OK, rest.StatusCode);
        Assert.Equal(Enumerable.Range(-1, 16), memory.Ints(192));

        // perf_analyzer -i http --shared-memory system breaks off where such an output has parameters.
        using var answer = JsonDocument.Parse(await rest.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(["name", "datatype", "shape"], answer.RootElement.GetProperty("outputs")[0].EnumerateObject().Select(static property => property.Name));

        foreach (var (offset, bytes, code) in new[] { (0L, 257L, StatusCode.InvalidArgument), (257, 0, StatusCode.InvalidArgument), (1, long.MaxValue, StatusCode.InvalidArgument), (long.MaxValue, 1, StatusCode.InvalidArgument) })
        {
            request.Inputs[0].Parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
            request.Inputs[0].Parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = bytes };
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation));
            Assert.Equal(code, refused.StatusCode);
        }

        // The client makes its memory shorter under the server: an error, not the end of the process.
        request.Inputs[0].Parameters.Clear();
        request.Inputs[0].Parameters.Add(Range("g", 0, 64));
        memory.Truncate(32);
        var cut = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation));
        Assert.Contains("has become shorter", cut.Status.Detail, StringComparison.Ordinal);

        var twice = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Grpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "g", Key = memory.Key, ByteSize = 1 }, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.AlreadyExists, "shared memory region 'g' already in manager"), (twice.StatusCode, twice.Status.Detail));
        var status = await server.Grpc.SystemSharedMemoryStatusAsync(new SystemSharedMemoryStatusRequest { Name = "g" }, cancellationToken: Cancellation);
        Assert.Equal((memory.Key, 256UL), (status.Regions["g"].Key, status.Regions["g"].ByteSize));
        await server.Grpc.SystemSharedMemoryUnregisterAsync(new SystemSharedMemoryUnregisterRequest { Name = "g" }, cancellationToken: Cancellation);
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.SystemSharedMemoryStatusAsync(new SystemSharedMemoryStatusRequest { Name = "g" }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task SharedMemory_WhereItIsOff_IsRefusedWithTheSetting()
    {
        await using var off = await TensorServer.StartNewAsync(new Dictionary<string, string> { ["Server:Name"] = "triton" });

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await off.Grpc.SystemSharedMemoryRegisterAsync(new SystemSharedMemoryRegisterRequest { Name = "g", Key = "/g", ByteSize = 1 }, cancellationToken: Cancellation));
        var loaded = await Assert.ThrowsAsync<RpcException>(async () => await off.Grpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "simple" }, cancellationToken: Cancellation));
        var metadata = await off.Grpc.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation);

        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
        Assert.Contains("Server:SharedMemory", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unimplemented, loaded.StatusCode);
        Assert.Equal("triton", metadata.Name);
        Assert.DoesNotContain("system_shared_memory", metadata.Extensions);
    }

    private static Dictionary<string, InferParameter> Range(string region, long offset, long bytes) => new()
    {
        ["shared_memory_region"] = new InferParameter { StringParam = region },
        ["shared_memory_offset"] = new InferParameter { Int64Param = offset },
        ["shared_memory_byte_size"] = new InferParameter { Int64Param = bytes },
    };

    private async Task<RepositoryIndexResponse.Types.ModelIndex> StateAsync(string model) =>
        (await server.Grpc.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation)).Models.Single(item => item.Name == model);

    private async Task<int> RowsMaxAsync(string model) =>
        (await server.Grpc.ModelConfigAsync(new ModelConfigRequest { Name = model }, cancellationToken: Cancellation)).Config.MaxBatchSize;

    private async Task<JsonDocument> GetAsync(string path) => JsonDocument.Parse(await server.Http.GetStringAsync(server.Path(path), Cancellation));

    private async Task<HttpResponseMessage> PostAsync(string path, string body) =>
        await server.Http.PostAsync(server.Path(path), new ByteArrayContent(Encoding.UTF8.GetBytes(body)), Cancellation);
}
