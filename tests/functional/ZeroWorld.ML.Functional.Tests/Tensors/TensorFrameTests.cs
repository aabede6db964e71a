using System.Net;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Frames of HTTP/2 and messages that no client writes by mistake, each time followed by a good request.</summary>
public sealed class TensorFrameTests(TensorServer server) : IClassFixture<TensorServer>
{
    private const string InferPath = "/inference.GRPCInferenceService/ModelInfer";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // An index that no table of headers has, one that lies beyond a number, a text that says it is longer than the frame, a table of 4 GB, and no method.
    [Theory]
    [InlineData(new byte[] { 0xBF, 0xBF, 0xBF })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0x7F, (byte)'a' })]
    [InlineData(new byte[] { 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F })]
    [InlineData(new byte[] { })]
    public async Task ModelInfer_HeadersThatAreNone_LeaveAServerThatAnswers(byte[] block)
    {
        for (var round = 0; round < 10; round++)
        {
            using var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, Cancellation);
            await connection.TryOpenAsync(block, Cancellation);
        }

        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_HeadersWithoutEnd_AreBrokenOff()
    {
        using var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, Cancellation);
        Assert.True(await connection.TryHalfOpenAsync(InferPath, Cancellation));

        // A literal of 1,000 bytes: "x" and what follows.
        byte[] literal = [0, 1, (byte)'x', 0x7F, 0xE9, 0x06, .. Enumerable.Repeat((byte)'y', 1000)];
        while (await connection.TrySendFrameAsync(Http2Attacker.Continuation, literal, Cancellation))
        {
            // Until it is shown the door; the test's own time ends it where that never comes.
        }

        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_SettingsWhoseAnswersNobodyReads_LeaveAServerThatAnswers()
    {
        using var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, Cancellation);
        for (var frame = 0; frame < 2_000 && await connection.TrySendFrameAsync(Http2Attacker.Settings, [], Cancellation); frame++)
        {
        }

        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_AnswersThatNobodyReads_HoldUpNobodyElse()
    {
        // A window of 0 bytes for every stream (RFC 9113, 6.5.2): no answer may be sent.
        byte[] settings = [0, 4, 0, 0, 0, 0];
        var message = TensorRequests.Simple().ToByteArray();
        byte[] frame = [0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
        var connections = new List<Http2Attacker>();
        try
        {
            for (var index = 0; index < 20; index++)
            {
                var connection = await Http2Attacker.ConnectAsync(server.Server.Addresses.Grpc, settings, Cancellation);
                connections.Add(connection);
                for (var call = 0; call < 50; call++)
                {
                    Assert.True(await connection.TryOpenAsync(InferPath, Cancellation) && await connection.TryFinishAsync(frame, Cancellation));
                }
            }

            await AssertAnswersAsync();
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }

        await AssertAnswersAsync();
    }

    public static TheoryData<string> Letters => ["m", "%", "\0", "\u540D", "\U0001F600"];

    [Theory]
    [MemberData(nameof(Letters))]
    public async Task AnyCall_TextsOfAMegabyte_AreRefusedInAFewWords(string letter)
    {
        var text = new StringBuilder().Insert(0, letter, (1 << 20) / Encoding.UTF8.GetByteCount(letter)).ToString();
        var datatype = TensorRequests.Simple();
        datatype.Inputs[0].Datatype = text;
        var input = TensorRequests.Simple();
        input.Inputs[1].Name = text;
        var output = TensorRequests.Simple();
        output.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = text });
        var version = TensorRequests.Simple();
        version.ModelVersion = text;

        await AssertRefusedAsync(TensorRequests.Raw(text, "FP32", [1, 2], new byte[8]), StatusCode.NotFound, "Request for unknown model: '", "' is not found");
        await AssertRefusedAsync(version, StatusCode.NotFound, "Model 'simple' of project 'default' has no alias '", "'. Aliases: none.");
        await AssertRefusedAsync(datatype, StatusCode.InvalidArgument, "inference input 'INPUT0' data-type is '", "', but model 'simple' expects 'INT32'");
        await AssertRefusedAsync(input, StatusCode.InvalidArgument, "unexpected inference input '", "' for model 'simple'");
        await AssertRefusedAsync(output, StatusCode.InvalidArgument, "unexpected inference output '", "' for model 'simple'");
        await AssertAnswersAsync();
    }

    [Fact]
    public async Task ModelInfer_MoreThanAnyoneSends_HasItsStatus()
    {
        var parameters = TensorRequests.Simple();
        for (var index = 0; index < 50_000; index++)
        {
            parameters.Parameters[$"k{index}"] = new InferParameter { Int64Param = 1 };
        }

        var inputs = TensorRequests.Simple();
        inputs.Inputs.Add(Enumerable.Repeat(inputs.Inputs[0], 20_000));

        var response = await server.Grpc.ModelInferAsync(parameters, cancellationToken: Cancellation);

        Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(response.RawOutputContents[0]));
        await AssertRefusedAsync(inputs, StatusCode.InvalidArgument, "", "");
        await AssertAnswersAsync();
    }

    private async Task AssertRefusedAsync(ModelInferRequest request, StatusCode code, string start, string end)
    {
        var exception = await Assert.ThrowsAsync<RpcException>(async () => await server.Grpc.ModelInferAsync(request, cancellationToken: Cancellation));

        Assert.Equal(code, exception.StatusCode);
        var detail = exception.Status.Detail;
        Assert.StartsWith(start, detail, StringComparison.Ordinal);
        Assert.EndsWith(end, detail, StringComparison.Ordinal);

        // As the trailers carry it: half of the 8 KiB that clients built on gRPC's C core take.
        Assert.InRange(detail.EnumerateRunes().Sum(static rune => rune.Value is >= ' ' and <= '~' and not '%' ? 1 : 3 * rune.Utf8SequenceLength), 1, 4096);
    }

    private async Task AssertAnswersAsync()
    {
        var response = await server.Grpc.ModelInferAsync(TensorRequests.Simple(), cancellationToken: Cancellation);
        Assert.Equal(Enumerable.Range(1, 16), TensorRequests.Ints(response.RawOutputContents[0]));
        using var ready = await server.Http.GetAsync(server.Path("/v2/health/ready"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }
}
