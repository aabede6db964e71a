using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Inference;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class InferenceProtocolTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly FraudServer _fraud = fixture.Fraud;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static float[] Rows(int rows)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, rows * 15).Select(_ => random.NextSingle() * 250)];
    }

    [Fact]
    public async Task ModelInfer_Rows_EqualTheSessionCalledDirectly()
    {
        var values = Rows(7);

        var outputs = await _fraud.Client.InferAsync("fraud", [Float32Tensor.Create("features", [7, 15], values)], cancellationToken: Cancellation);

        var output = Assert.Single(outputs);
        Assert.Equal(("probability", "FP32"), (output.Name, output.Datatype));
        Assert.Equal([7L, 1L], output.Shape);
        var model = Directory.EnumerateFiles(Path.Combine(_fraud.DataDirectory, "packages"), "model.onnx", SearchOption.AllDirectories);
        using var session = new InferenceSession(model.Single(file => IsVersion(file, 1)));
        using var input = OrtValue.CreateTensorValueFromMemory(values, [7, 15]);
        using var run = new RunOptions();
        using var expected = session.Run(run, ["features"], [input], ["probability"]);
        Assert.Equal(expected[0].GetTensorDataAsSpan<float>().ToArray(), Float32Tensor.ToArray(output));
    }

    [Fact]
    public async Task ModelInfer_TypedContentsAndVersion_AreServed()
    {
        var request = new ModelInferRequest
        {
            ModelName = "fraud", ModelVersion = "2", Id = "42",
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor
                {
                    Name = "features", Datatype = "FP32", Shape = { 1, 15 }, Contents = new InferTensorContents { Fp32Contents = { Rows(1) } },
                },
            },
        };

        var response = await _fraud.Client.Inference.ModelInferAsync(request, cancellationToken: Cancellation);

        Assert.Equal(("fraud", "2", "42"), (response.ModelName, response.ModelVersion, response.Id));
        Assert.Null(response.Outputs[0].Contents);
        Assert.Equal(4, response.RawOutputContents[0].Length);
    }

    [Theory]
    [InlineData("nothing", "", "features", 15, StatusCode.NotFound)]
    [InlineData("fraud", "9", "features", 15, StatusCode.NotFound)]
    [InlineData("fraud", "", "feature", 15, StatusCode.InvalidArgument)]
    [InlineData("fraud", "", "features", 14, StatusCode.InvalidArgument)]
    public async Task ModelInfer_BadRequest_HasItsStatus(string model, string version, string tensor, int columns, StatusCode code)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.InferAsync(
            model, [Float32Tensor.Create(tensor, [1, columns], new float[columns])], version, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        Assert.NotEmpty(exception.Status.Detail);
    }

    [Fact]
    public async Task ModelInfer_UnknownOutput_IsRefused()
    {
        var exception = await Assert.ThrowsAsync<RpcException>(() => _fraud.Client.InferAsync(
            "fraud", [Float32Tensor.Create("features", [1, 15], new float[15])], outputs: ["score"], cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        Assert.Contains("score", exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerAndModel_Metadata_DescribeWhatIsThere()
    {
        var server = await _fraud.Client.GetServerMetadataAsync(Cancellation);
        var model = await _fraud.Client.GetModelMetadataAsync("fraud", cancellationToken: Cancellation);

        Assert.Equal("zeroworld", server.Name);
        Assert.Equal(["classification", "sequence", "model_repository", "schedule_policy", "model_configuration", "binary_tensor_data", "parameters", "statistics", "logging"], server.Extensions);
        Assert.Equal(("fraud", "onnxruntime_onnx"), (model.Name, model.Platform));
        Assert.Equal(["1", "2"], model.Versions);
        var input = Assert.Single(model.Inputs);
        Assert.Equal(("features", "FP32"), (input.Name, input.Datatype));
        Assert.Equal([-1L, 15L], input.Shape);
        Assert.True(await _fraud.Client.IsReadyAsync(Cancellation));
        Assert.True(await _fraud.Client.IsModelReadyAsync("fraud", "2", Cancellation));
        Assert.False(await _fraud.Client.IsModelReadyAsync("nothing", cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData("")]
    [InlineData("inference.GRPCInferenceService")]
    [InlineData("zeroworld.ml.v1.PredictionService")]
    public async Task Health_Check_IsServing(string service)
    {
        using var channel = GrpcChannel.ForAddress(_fraud.Server.Addresses.Grpc);

        var response = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Cancellation);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, response.Status);
    }

    [Fact]
    public async Task Reflection_List_NamesAllServices()
    {
        using var channel = GrpcChannel.ForAddress(_fraud.Server.Addresses.Grpc);
        using var call = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(cancellationToken: Cancellation);

        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancellation);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));

        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToArray();
        string[] expected =
        [
            "grpc.health.v1.Health", "inference.GRPCInferenceService", "zeroworld.ml.v1.FeatureStoreService", "zeroworld.ml.v1.PredictionService",
            "zeroworld.ml.v1.RegistryService",
        ];
        Assert.Empty(expected.Except(names));
    }

    [Theory]
    [InlineData("1n")]
    [InlineData("0m")]
    [InlineData("1u")]
    public async Task AnyCall_DeadlineAlreadyPassed_IsDeadlineExceeded(string timeout)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_fraud.Server.Addresses.Grpc, "/inference.GRPCInferenceService/ServerLive"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("grpc-timeout", timeout);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));

        using var response = await http.SendAsync(request, Cancellation);

        Assert.Equal(200, (int)response.StatusCode);
        await response.Content.ReadAsByteArrayAsync(Cancellation);
        var status = response.Headers.TryGetValues("grpc-status", out var values) ? values : response.TrailingHeaders.GetValues("grpc-status");
        Assert.Equal("4", Assert.Single(status));
    }

    private bool IsVersion(string file, long version)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(file)!, ModelPackage.ManifestFile)));
        return manifest.RootElement.GetProperty("lineage").GetProperty("seed").GetInt64() == version;
    }
}
