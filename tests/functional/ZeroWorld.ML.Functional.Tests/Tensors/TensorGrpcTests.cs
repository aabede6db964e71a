using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Models;
using Output = Inference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class TensorGrpcTests(TensorServer server) : IClassFixture<TensorServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Datatypes => [.. Enum.GetValues<TensorDtype>().Select(static dtype => dtype.ToName())];

    [Theory]
    [MemberData(nameof(Datatypes))]
    public async Task ModelInfer_RawTensorOfEachDatatype_ComesBackBitForBit(string datatype)
    {
        Assert.True(TensorDtypes.TryParse(datatype, out var dtype));
        var random = new Random(3);
        var raw = new byte[2 * 3 * dtype.Width()];
        random.NextBytes(raw);
        raw = dtype switch
        {
            TensorDtype.Bool => [1, 0, 0, 1, 1, 0],
            TensorDtype.Bytes => TensorRequests.Strings("abc\0def"u8.ToArray(), [0xFF, 0xFE, 0x00], [], "\u00e9"u8.ToArray(), new byte[1000], [0]),
            _ => raw,
        };

        var response = await InferAsync(TensorRequests.Raw($"identity_{datatype.ToLowerInvariant()}", datatype, [2, 3], raw));
        var empty = await InferAsync(TensorRequests.Raw($"identity_{datatype.ToLowerInvariant()}", datatype, [0, 3], []));

        Assert.Equal(datatype, response.Outputs[0].Datatype);
        Assert.Equal([2L, 3L], response.Outputs[0].Shape);
        Assert.Equal(raw, response.RawOutputContents[0].ToByteArray());
        Assert.Equal([0L, 3L], empty.Outputs[0].Shape);
        Assert.Equal(ByteString.Empty, Assert.Single(empty.RawOutputContents));
    }

    public static TheoryData<string, InferTensorContents, byte[]> TypedContents => new()
    {
        { "BOOL", new InferTensorContents { BoolContents = { true, false } }, [1, 0] },
        { "INT8", new InferTensorContents { IntContents = { -128, 127 } }, [0x80, 0x7F] },
        { "INT16", new InferTensorContents { IntContents = { -1, 258 } }, [0xFF, 0xFF, 2, 1] },
        { "UINT8", new InferTensorContents { UintContents = { 0, 255 } }, [0, 255] },
        { "UINT64", new InferTensorContents { Uint64Contents = { 1, ulong.MaxValue } }, [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255] },
        { "FP32", new InferTensorContents { Fp32Contents = { 1.5f, float.NegativeInfinity } }, [0, 0, 0xC0, 0x3F, 0, 0, 0x80, 0xFF] },
        { "BYTES", new InferTensorContents { BytesContents = { ByteString.CopyFrom(0, 255), ByteString.Empty } }, [2, 0, 0, 0, 0, 255, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(TypedContents))]
    public async Task ModelInfer_TypedContents_AreAnsweredRaw(string datatype, InferTensorContents contents, byte[] raw)
    {
        var input = TensorRequests.New("INPUT0", datatype, 1, 2);
        input.Contents = contents;

        var response = await InferAsync(new ModelInferRequest { ModelName = $"identity_{datatype.ToLowerInvariant()}", Inputs = { input } });

        Assert.Null(response.Outputs[0].Contents);
        Assert.Equal(raw, response.RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task ModelInfer_ScalarAndChosenOutputs_AreServed()
    {
        var scalar = await InferAsync(TensorRequests.Raw("scalar", "FP32", [], [0, 0, 0xC0, 0x3F]));
        var request = TensorRequests.Simple(rows: 2, id: "a");
        request.Outputs.Add(new Output { Name = "OUTPUT1" });
        request.Outputs.Add(new Output { Name = "OUTPUT0" });
        var simple = await InferAsync(request);

        Assert.Empty(scalar.Outputs[0].Shape);
        Assert.Equal([0, 0, 0xC0, 0x3F], scalar.RawOutputContents[0].ToByteArray());
        Assert.Equal(("simple", "1", "a"), (simple.ModelName, simple.ModelVersion, simple.Id));
        Assert.Equal(["OUTPUT1", "OUTPUT0"], simple.Outputs.Select(output => output.Name));
        Assert.Equal(Enumerable.Range(-1, 32), TensorRequests.Ints(simple.RawOutputContents[0]));
        Assert.Equal(Enumerable.Range(1, 32), TensorRequests.Ints(simple.RawOutputContents[1]));
    }

    [Fact]
    public async Task ModelInfer_Classification_GivesTheGreatestOfEachRow()
    {
        var request = TensorRequests.Raw("fixed_fp32", "FP32", [2, 4], TensorRequests.Bytes(0.1f, 0.7f, float.NaN, 0.2f, 5, 5, 7, 5).ToByteArray());
        request.Outputs.Add(new Output { Name = "OUTPUT0", Parameters = { ["classification"] = new InferParameter { Int64Param = 3 } } });

        var response = await InferAsync(request);

        Assert.Equal("BYTES", response.Outputs[0].Datatype);
        Assert.Equal([2L, 3L], response.Outputs[0].Shape);
        var expected = TensorRequests.Strings([.. new[] { "0.700000:1", "0.200000:3", "0.100000:0", "7.000000:2", "5.000000:0", "5.000000:1" }.Select(Encoding.UTF8.GetBytes)]);
        Assert.Equal(expected, response.RawOutputContents[0].ToByteArray());
    }

    [Fact]
    public async Task ModelInfer_ClassificationOfALabelledOutput_NamesTheClassesThatHaveANameEach()
    {
        var request = TensorRequests.Raw("labelled", "FP32", [1, 3], TensorRequests.Bytes(2f, 1f, 3f).ToByteArray());
        request.Outputs.Add(new Output { Name = "OUTPUT0", Parameters = { ["classification"] = new InferParameter { Int64Param = 9 } } });

        var response = await InferAsync(request);

        Assert.Equal(
            TensorRequests.Strings([.. new[] { "3.000000:2", "2.000000:0:cat", "1.000000:1:dog" }.Select(Encoding.UTF8.GetBytes)]), response.RawOutputContents[0].ToByteArray());
    }

    public static TheoryData<string, Action<ModelInferRequest>, StatusCode, string> HostileRequests => new()
    {
        { "no inputs", request => { request.Inputs.Clear(); request.RawInputContents.Clear(); }, StatusCode.InvalidArgument, "expected 2 inputs but got 0 inputs for model 'simple'. Got input(s) [], but missing required input(s) ['INPUT0','INPUT1']. Please provide all required input(s)." },
        { "one input", request => { request.Inputs.RemoveAt(1); request.RawInputContents.RemoveAt(1); }, StatusCode.InvalidArgument, "expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1']." },
        { "no raw for the second", request => request.RawInputContents.RemoveAt(1), StatusCode.InvalidArgument, "unable to find data for input tensor 'INPUT1' for model 'simple' in request." },
        { "surplus raw", request => request.RawInputContents.Add(ByteString.CopyFrom(1)), StatusCode.InvalidArgument, "raw_input_contents has 3 entries" },
        { "raw and typed", request => request.Inputs[0].Contents = new InferTensorContents(), StatusCode.InvalidArgument, "contents field must not be specified when using raw_input_contents for 'INPUT0' for model 'simple'" },
        { "short", request => request.RawInputContents[0] = ByteString.CopyFrom(new byte[63]), StatusCode.InvalidArgument, "input byte size mismatch for input 'INPUT0' for model 'simple'. Expected 64, got 63" },
        { "long", request => request.RawInputContents[1] = ByteString.CopyFrom(new byte[65]), StatusCode.InvalidArgument, "input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got 65" },
        { "given twice", request => { request.Inputs[1] = request.Inputs[0].Clone(); }, StatusCode.InvalidArgument, "input 'INPUT0' already exists in request for model 'simple'" },
        { "unknown input", request => request.Inputs[1].Name = "INPUT2", StatusCode.InvalidArgument, "unexpected inference input 'INPUT2' for model 'simple'" },
        { "name with NUL", request => request.Inputs[1].Name = "INPUT1\0", StatusCode.InvalidArgument, "unexpected inference input" },
        { "unknown output", request => request.Outputs.Add(new Output { Name = "X" }), StatusCode.InvalidArgument, "unexpected inference output 'X' for model 'simple'" },
        { "output twice", request => request.Outputs.Add([new Output { Name = "OUTPUT0" }, new Output { Name = "OUTPUT0" }]), StatusCode.InvalidArgument, "output 'OUTPUT0' already exists in request for model 'simple'" },
        { "datatype", request => request.Inputs[0].Datatype = "FP32", StatusCode.InvalidArgument, "inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'" },
        { "no datatype", request => request.Inputs[0].Datatype = "", StatusCode.InvalidArgument, "data-type is ''" },
        { "shape", request => request.Inputs[0].Shape[1] = 8, StatusCode.InvalidArgument, "unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got [1,8]" },
        { "rank", request => request.Inputs[0].Shape.Add(1), StatusCode.InvalidArgument, "unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got [1,16,1]" },
        { "negative", request => request.Inputs[0].Shape[0] = -1, StatusCode.InvalidArgument, "unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got [-1,16]" },
        { "least", request => request.Inputs[0].Shape[0] = long.MinValue, StatusCode.InvalidArgument, "unexpected shape for input 'INPUT0'" },
        { "overflow to 0", request => request.Inputs[0].Shape[0] = 1L << 60, StatusCode.InvalidArgument, "more elements than a tensor can have" },
        { "greatest", request => request.Inputs[0].Shape[0] = long.MaxValue, StatusCode.InvalidArgument, "more elements than a tensor can have" },
        { "rows differ", request => { request.Inputs[1].Shape[0] = 2; request.RawInputContents[1] = ByteString.CopyFrom(new byte[128]); }, StatusCode.InvalidArgument, "batch size does not match other inputs for model 'simple'" },
        { "too many rows", request => { foreach (var input in request.Inputs) { input.Shape[0] = 9; } request.RawInputContents[0] = request.RawInputContents[1] = ByteString.CopyFrom(new byte[576]); }, StatusCode.InvalidArgument, "inference request batch-size must be <= 8 for 'simple'" },
        { "unknown model", request => request.ModelName = "simples", StatusCode.NotFound, "Request for unknown model: 'simples'" },
        { "path as model", request => request.ModelName = "../../etc/passwd", StatusCode.NotFound, "Request for unknown model: '../../etc/passwd' is not found" },
        { "no model", request => request.ModelName = "", StatusCode.NotFound, "Request for unknown model: '' is not found" },
        { "long model", request => request.ModelName = new string('a', 100_000), StatusCode.NotFound, "Request for unknown model: 'aaa" },
        { "unknown version", request => request.ModelVersion = "7", StatusCode.NotFound, "version 7 is not found" },
        { "version below 1", request => request.ModelVersion = "-1", StatusCode.NotFound, "-1" },
        { "sequence of another type", request => request.Parameters["sequence_id"] = new InferParameter { BoolParam = true }, StatusCode.InvalidArgument, "invalid value type for 'sequence_id' parameter" },
        { "reserved", request => request.Parameters["triton_x"] = new InferParameter { BoolParam = true }, StatusCode.InvalidArgument, "reserved" },
        { "region that is not there", request => { request.RawInputContents.RemoveAt(0); request.Inputs[0].Parameters["shared_memory_region"] = new InferParameter { StringParam = "x" }; request.Inputs[0].Parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = 64 }; }, StatusCode.NotFound, "Unable to find shared memory region: 'x'" },
    };

    [Theory]
    [MemberData(nameof(HostileRequests))]
    public async Task ModelInfer_HostileRequest_HasItsStatusAndTheNextOneIsAnswered(string what, Action<ModelInferRequest> spoil, StatusCode code, string message)
    {
        Assert.NotEmpty(what);
        var request = TensorRequests.Simple();
        spoil(request);

        var exception = await Assert.ThrowsAsync<RpcException>(() => InferAsync(request));
        var good = await InferAsync(TensorRequests.Simple());

        Assert.Equal(code, exception.StatusCode);
        Assert.Contains(message, exception.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(good.RawOutputContents[0]));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0 }, "incomplete string length indicator for inference input 'INPUT0' for model 'identity_bytes', expecting 4 bytes but only 3 bytes available")]
    [InlineData(new byte[] { 255, 255, 255, 255, 1 }, "incomplete string data for inference input 'INPUT0' for model 'identity_bytes', expecting string of length 4294967295 but only 1 bytes available")]
    [InlineData(new byte[] { 0, 0, 0, 0 }, "expected 2 string elements for inference input 'INPUT0' for model 'identity_bytes', got 1")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 9 }, "unexpected number of string elements 3 for inference input 'INPUT0' for model 'identity_bytes', expecting 2")]
    public async Task ModelInfer_BytesCutOffOrLeftOver_AreRefused(byte[] raw, string message)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(() => InferAsync(TensorRequests.Raw("identity_bytes", "BYTES", [1, 2], raw)));

        Assert.Equal(StatusCode.InvalidArgument, exception.StatusCode);
        Assert.StartsWith(message, exception.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelInfer_TimeoutAndPriority_AreTaken()
    {
        var request = TensorRequests.Simple();
        request.Parameters["timeout"] = new InferParameter { Int64Param = 10_000_000 };
        request.Parameters["priority"] = new InferParameter { Uint64Param = 1 };

        var response = await InferAsync(request);

        Assert.Equal(2, response.Outputs.Count);
    }

    private async Task<ModelInferResponse> InferAsync(ModelInferRequest request) => await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation);
}
