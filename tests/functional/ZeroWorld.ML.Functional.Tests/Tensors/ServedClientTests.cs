using Grpc.Core;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>
/// The .NET client against a real server: this one, or any other of the Open Inference Protocol whose address is in <c>ZEROWORLD_TEST_INFERENCE_SERVER</c> and that serves
/// the model <c>simple</c> of Triton's examples (INT32 [rows, 16] twice in, sum and difference out).
/// </summary>
public sealed class ServedClientTests(TensorServer server) : IClassFixture<TensorServer>
{
    private const string Variable = "ZEROWORLD_TEST_INFERENCE_SERVER";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Address => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } other ? other : server.Server.Addresses.Grpc.ToString();

    [Fact]
    public async Task InferAsync_Query_GivesSumAndDifferenceInRentedMemory()
    {
        using var client = new ZeroWorldClient(Address);

        using var reply = await client.InferAsync(new InferenceQuery { Model = "simple", Id = "7", Inputs = [Numbers("INPUT0", 2, 0), Numbers("INPUT1", 2, 100)] }, Cancellation);

        Assert.Equal(("simple", "7"), (reply.Model, reply.Id));
        Assert.Equal(Enumerable.Range(0, 32).Select(static index => 100 + (2 * index)), ToInts(reply.GetOutput("OUTPUT0")));
        Assert.Equal(Enumerable.Repeat(-100, 32), ToInts(reply.GetOutput("OUTPUT1")));
        Assert.Equal([2L, 16L], reply.GetOutput("OUTPUT0").Shape);
    }

    [Fact]
    public async Task InferAsync_OneOutput_IsTheOnlyOne()
    {
        using var client = new ZeroWorldClient(Address);

        using var reply = await client.InferAsync(
            new InferenceQuery { Model = "simple", Inputs = [Numbers("INPUT0", 1, 0), Numbers("INPUT1", 1, 0)], Outputs = ["OUTPUT1"], Priority = 1, Timeout = TimeSpan.FromSeconds(5) }, Cancellation);

        Assert.Equal("OUTPUT1", Assert.Single(reply.Outputs).Name);
    }

    [Fact]
    public async Task InferAsync_GeneratedAndRented_AreTheSame()
    {
        using var client = new ZeroWorldClient(Address);
        WireTensor[] inputs = [Numbers("INPUT0", 3, 5), Numbers("INPUT1", 3, 9)];

        var generated = await client.InferAsync("simple", inputs, cancellationToken: Cancellation);
        using var rented = await client.InferAsync(new InferenceQuery { Model = "simple", Inputs = inputs }, Cancellation);

        Assert.Equal(generated.Select(static output => (output.Name, output.Datatype)), rented.Outputs.Select(static output => (output.Name, output.Datatype)));
        Assert.All(generated.Zip(rented.Outputs), static pair => Assert.Equal(pair.First.Data.ToArray(), pair.Second.Data.ToArray()));
    }

    [Fact]
    public async Task InferAsync_WrongRequest_HasItsStatus()
    {
        using var client = new ZeroWorldClient(Address);

        var missing = await Assert.ThrowsAsync<RpcException>(() => client.InferAsync(new InferenceQuery { Model = "simple", Inputs = [Numbers("INPUT0", 1, 0)] }, Cancellation));
        var unknown = await Assert.ThrowsAsync<RpcException>(() => client.InferAsync(new InferenceQuery { Model = "no_such_model", Inputs = [] }, Cancellation));

        Assert.Equal((StatusCode.InvalidArgument, StatusCode.NotFound), (missing.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task InferenceBatcher_ManyCallers_GetTheirOwnRows()
    {
        using var client = new ZeroWorldClient(Address);
        using var batcher = new InferenceBatcher(client, "simple", new InferenceBatcherOptions { RowsMax = 8 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(caller => batcher.InferAsync([Numbers("INPUT0", 1, caller), Numbers("INPUT1", 1, 0)], Cancellation)));

        for (var caller = 0; caller < answers.Length; caller++)
        {
            Assert.Equal(Enumerable.Range(0, 16).Select(index => caller + (2 * index)), ToInts(answers[caller].Single(static output => output.Name == "OUTPUT0")));
        }
    }

    [Fact]
    public async Task Client_OneOfTwoServersIsNotThere_AnswersEveryCall()
    {
        using var client = new ZeroWorldClient(["http://127.0.0.1:1", Address]);

        for (var call = 0; call < 10; call++)
        {
            using var reply = await client.InferAsync(new InferenceQuery { Model = "simple", Inputs = [Numbers("INPUT0", 1, call), Numbers("INPUT1", 1, 0)] }, Cancellation);
            Assert.Equal(call, ToInts(reply.GetOutput("OUTPUT0"))[0]);
        }
    }

    [Fact]
    public async Task Metadata_OfServerAndModel_IsRead()
    {
        using var client = new ZeroWorldClient(Address);

        var model = await client.GetModelMetadataAsync("simple", cancellationToken: Cancellation);

        Assert.True(await client.IsReadyAsync(Cancellation));
        Assert.True(await client.IsModelReadyAsync("simple", cancellationToken: Cancellation));
        Assert.Equal(["INPUT0", "INPUT1"], model.Inputs.Select(static input => input.Name));
        Assert.NotEmpty((await client.GetServerMetadataAsync(Cancellation)).Name);
    }

    private static WireTensor Numbers(string name, int rows, int first)
    {
        var values = Enumerable.Range(first, rows * 16).ToArray();
        return new WireTensor(name, TensorDatatype.Int32, [rows, 16], System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>(values).ToArray());
    }

    private static int[] ToInts(WireTensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(tensor.Data.Span).ToArray();
}
