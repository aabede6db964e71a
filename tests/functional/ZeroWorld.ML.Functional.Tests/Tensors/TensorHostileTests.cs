using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Models.Onnx.Protos;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Files and connections that nobody makes by mistake, each followed by a good request.</summary>
public sealed class TensorHostileTests(TensorServer server) : IClassFixture<TensorServer>
{
    private const string InferPath = "/inference.GRPCInferenceService/ModelInfer";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, byte[]> BadFiles
    {
        get
        {
            var good = Identity().ToBytes();
            var noise = new byte[4096];
            new Random(9).NextBytes(noise);
            var data = new TheoryData<string, byte[]>
            {
                { "empty", [] },
                { "a page of the web", "<html><body>404</body></html>"u8.ToArray() },
                { "noise", noise },
                { "a length of 2 GB and nothing behind it", [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x07] },
                { "a varint without end", [.. Enumerable.Repeat((byte)0xFF, 64)] },
                { "fields that are no ONNX", [.. Enumerable.Repeat(new byte[] { 0xFA, 0x7F, 0x01, 0x00 }, 100).SelectMany(static part => part)] },
                { "an operator that there is not", new OnnxGraphBuilder("bad").AddInput(new("x", TensorDtype.Float32, [-1])).AddNode("Explode", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1])).ToBytes() },
                { "an opset of the far future", new OnnxGraphBuilder("bad").SetOpset("", 9999).AddInput(new("x", TensorDtype.Float32, [-1])).AddNode("Neg", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1])).ToBytes() },
                { "a node that reads itself", OfCircle() },
                { "float8", OfType(17) },
                { "int4", OfType(22) },
                { "a type that there is not", OfType(999) },
                { "a sequence", OfSequence() },
            };
            foreach (var share in (double[])[0.2, 0.5, 0.9, 0.99])
            {
                data.Add($"{share:P0} of a file", good[..(int)(good.Length * share)]);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task RepositoryModelLoad_FileThatIsNoModel_IsRefusedAndOthersServe(string what, byte[] file)
    {
        var name = $"bad_{Math.Abs(string.GetHashCode(what, StringComparison.Ordinal))}";
        Write(name, file);
        server.Log.Expect($"Model default/{name} ");

        var exception = await Assert.ThrowsAsync<RpcException>(() => LoadAsync(name));

        Assert.Contains(exception.StatusCode, new[] { StatusCode.InvalidArgument, StatusCode.FailedPrecondition, StatusCode.DataLoss });
        Assert.StartsWith($"load failed for model '{name}'", exception.Status.Detail, StringComparison.Ordinal);
        var call = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(TensorRequests.Raw(name, "FP32", [1, 2], new byte[8]), cancellationToken: Cancellation));
        Assert.Contains(call.StatusCode, new[] { StatusCode.NotFound, StatusCode.Unavailable, StatusCode.FailedPrecondition });
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task RepositoryModelLoad_BadFileOverAGoodOne_LeavesTheGoodOneServing()
    {
        Write("survivor", Identity().ToBytes());
        await LoadAsync("survivor");
        Write("survivor", [1, 2, 3]);
        server.Log.Expect("Model default/survivor ");

        await Assert.ThrowsAsync<RpcException>(() => LoadAsync("survivor"));

        var answer = await server.Grpc.ModelInferAsync(new ModelInferRequest { ModelName = "survivor", Inputs = { TensorRequests.New("x", "FP32", 1, 2) }, RawInputContents = { TensorRequests.Bytes(1f, 2f) } }, cancellationToken: Cancellation);
        Assert.Equal(TensorRequests.Bytes(1f, 2f), answer.RawOutputContents[0]);
    }

    [Fact]
    public async Task ModelInfer_DivisionThatEndsAProcess_IsAnswered()
    {
        Write("divide", new OnnxGraphBuilder("divide").AddInput(new("a", TensorDtype.Int64, [-1, 1])).AddInput(new("b", TensorDtype.Int64, [-1, 1]))
            .AddNode("Div", ["a", "b"], ["q"]).AddNode("Mod", ["a", "b"], ["r"])
            .AddOutput(new("q", TensorDtype.Int64, [-1, 1])).AddOutput(new("r", TensorDtype.Int64, [-1, 1])).ToBytes());
        await LoadAsync("divide");

        var answer = await server.Grpc.ModelInferAsync(
            new ModelInferRequest
            {
                ModelName = "divide",
                Inputs = { TensorRequests.New("a", "INT64", 2, 1), TensorRequests.New("b", "INT64", 2, 1) },
                RawInputContents = { TensorRequests.Bytes(long.MinValue, 7L), TensorRequests.Bytes(-1L, 2L) },
            },
            cancellationToken: Cancellation);

        Assert.Equal([long.MinValue, 3], MemoryMarshal.Cast<byte, long>(answer.RawOutputContents[0].Span).ToArray());
        Assert.Equal([0, 1], MemoryMarshal.Cast<byte, long>(answer.RawOutputContents[1].Span).ToArray());
        await AssertAnswersAsync();
    }

    public static TheoryData<string> AbsurdNames => ["..", ".", "../simple", "simple/../simple", "/etc/passwd", "C:\\windows", "\\\\host\\share", "simple\0", "\uFEFFsimple", "a\nb", "simple/1/model.onnx", new string('n', 5_000), "~", "%2e%2e", "simple "];

    [Theory]
    [MemberData(nameof(AbsurdNames))]
    public async Task AnyCall_AbsurdModelName_IsRefusedAndNothingIsMade(string name)
    {
        var before = Directory.GetFileSystemEntries(server.Models, "*", SearchOption.AllDirectories).Length;

        var load = await Assert.ThrowsAsync<RpcException>(() => LoadAsync(name));
        var infer = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(TensorRequests.Raw(name, "FP32", [1, 2], new byte[8]), cancellationToken: Cancellation));
        var metadata = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelMetadataAsync(new ModelMetadataRequest { Name = name }, cancellationToken: Cancellation));
        var ready = await server.Grpc.ModelReadyAsync(new ModelReadyRequest { Name = name }, cancellationToken: Cancellation);
        using var rest = await server.Http.GetAsync(server.Path($"/v2/models/{Uri.EscapeDataString(name)}/ready"), Cancellation);

        Assert.Contains(load.StatusCode, new[] { StatusCode.InvalidArgument, StatusCode.NotFound });
        Assert.Equal(StatusCode.NotFound, infer.StatusCode);
        Assert.Equal(StatusCode.NotFound, metadata.StatusCode);
        Assert.False(ready.Ready);
        Assert.False(rest.IsSuccessStatusCode);
        Assert.Equal(before, Directory.GetFileSystemEntries(server.Models, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task ModelInfer_PackedMessageThatUnpacksBeyondTheLimit_IsRefused()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            // Three times the limit, of zeros: some hundred kB.
            var zeros = new byte[1 << 20];
            for (var part = 0; part < 200; part++)
            {
                await gzip.WriteAsync(zeros, Cancellation);
            }
        }

        var frame = new byte[packed.Length + 5];
        frame[0] = 1;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), (int)packed.Length);
        packed.ToArray().CopyTo(frame, 5);

        Assert.Equal(StatusCode.ResourceExhausted, await PostAsync(frame, "gzip"));
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_StreamsResetAsSoonAsTheyAreOpened_LeaveAServerThatAnswers()
    {
        for (var round = 0; round < 3; round++)
        {
            using var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, Cancellation);
            for (var stream = 0; stream < 500; stream++)
            {
                if (!await connection.TryOpenAsync(InferPath, Cancellation) || !await connection.TryResetAsync(Cancellation))
                {
                    // It was shown the door: that is an answer, too.
                    break;
                }
            }
        }

        await AssertAnswersAsync();
    }

    [Theory]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 0x03, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0, 0, 0, 1, 0, 10, 6, (byte)'s', (byte)'i' })]
    public async Task ModelInfer_MessagesHalfSentAndLeft_LeaveAServerThatAnswers(byte[] start)
    {
        for (var round = 0; round < 40; round++)
        {
            using var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, Cancellation);
            Assert.True(await connection.TryOpenAsync(InferPath, Cancellation));
            Assert.True(await connection.TrySendAsync(start, Cancellation));
        }

        await AssertAnswersAsync();
    }

    private static OnnxGraphBuilder Identity() =>
        new OnnxGraphBuilder("good").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Identity", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1, 2]));

    private static byte[] OfType(int type)
    {
        var model = ModelProto.Parser.ParseFrom(Identity().ToBytes());
        model.Graph.Input[0].Type.TensorType.ElemType = type;
        model.Graph.Output[0].Type.TensorType.ElemType = type;
        return model.ToByteArray();
    }

    private static byte[] OfCircle()
    {
        var model = ModelProto.Parser.ParseFrom(Identity().ToBytes());
        model.Graph.Node[0].Input[0] = "y";
        return model.ToByteArray();
    }

    private static byte[] OfSequence()
    {
        var model = ModelProto.Parser.ParseFrom(new OnnxGraphBuilder("bad").AddInput(new("x", TensorDtype.Float32, [-1])).AddNode("SequenceConstruct", ["x"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1])).ToBytes());
        var element = model.Graph.Output[0].Type.Clone();
        model.Graph.Output[0].Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = element } };
        return model.ToByteArray();
    }

    private void Write(string name, byte[] file)
    {
        var folder = Directory.CreateDirectory(Path.Combine(server.Models, name, "1"));
        File.WriteAllBytes(Path.Combine(folder.FullName, "model.onnx"), file);
    }

    private async Task LoadAsync(string name) => await server.Grpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = name }, cancellationToken: Cancellation);

    private async Task<StatusCode> PostAsync(byte[] frame, string encoding)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Server.Addresses.Grpc, InferPath))
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("grpc-encoding", encoding);
        using var response = await http.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);
        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer : response.Headers.GetValues("grpc-status");
        return (StatusCode)int.Parse(status.Single(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task AssertAnswersAsync()
    {
        var response = await server.Grpc.ModelInferAsync(TensorRequests.Simple(), cancellationToken: Cancellation);
        Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(response.RawOutputContents[0]));
        using var ready = await server.Http.GetAsync(server.Path("/v2/health/ready"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }
}
