using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Triton's sequences: models whose requests belong together, over the wire.</summary>
public sealed class SequenceTests
{
    private const string Config = """
        backend: "onnxruntime"
        max_batch_size: 16
        sequence_batching {
          max_sequence_idle_microseconds: 60000000
          oldest { max_candidate_sequences: 64 max_queue_delay_microseconds: 2000 }
          control_input [
            { name: "END" control [ { kind: CONTROL_SEQUENCE_END fp32_false_true: [ 0, 1 ] } ] },
            { name: "ID" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_INT64 } ] }
          ]
          state [ { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_FP32 dims: [ 2 ] } ]
        }
        """;

    // The same in the format of this project.
    private const string YamlConfig = """
        batch_rows_max: 16
        batching: { queue_delay: 2ms }
        sequences:
          idle_max: 1m
          candidates_max: 64
          controls: [{ input: END, kind: end, dtype: FP32, values: [0, 1] }, { input: ID, kind: id, dtype: INT64 }]
          states: [{ input: SUM_IN, output: SUM_OUT, dtype: FP32, shape: [-1, 2] }]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("config.pbtxt")]
    [InlineData("model.yaml")]
    public async Task Infer_SequencesOverAStreamAndOneByOne_GetTheirOwnSums(string settings)
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: true));
        server.Configure("sums", settings == "model.yaml" ? YamlConfig : Config, settings);
        await server.StartAsync(Cancellation);
        using var channel = GrpcChannel.ForAddress(server.Server.Addresses.Grpc);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        using var stream = client.ModelStreamInfer(cancellationToken: Cancellation);
        var random = new Random(5);

        // 30 sequences of 6 requests at once on one stream, their steps mixed; meanwhile others one request after another.
        var sending = Task.Run(
            async () =>
            {
                foreach (var (id, step) in Enumerable.Range(1, 30).SelectMany(static id => Enumerable.Range(0, 6).Select(step => (id, step))).OrderBy(place => (place.step * 2) + random.NextDouble()))
                {
                    await stream.RequestStream.WriteAsync(Request(id, step, 6), Cancellation);
                }

                await stream.RequestStream.CompleteAsync();
            },
            Cancellation);
        var alone = Task.WhenAll(Enumerable.Range(101, 8).Select(async id =>
        {
            for (var step = 0; step < 20; step++)
            {
                AssertSums(await client.ModelInferAsync(Request(id, step, 20), cancellationToken: Cancellation), id, step, 20);
            }
        }));
        await foreach (var answer in stream.ResponseStream.ReadAllAsync(Cancellation))
        {
            Assert.Equal("", answer.ErrorMessage);
            var place = answer.InferResponse.Id.Split(' ').Select(static part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            AssertSums(answer.InferResponse, place[0], place[1], 6);
        }

        await sending;
        await alone;
        var statistics = (await client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "sums" }, cancellationToken: Cancellation)).ModelStats[0];
        Assert.Equal(340UL, statistics.InferenceStats.Success.Count);
        Assert.Equal(340UL, statistics.InferenceCount);
        Assert.True(statistics.ExecutionCount < 340, $"{statistics.ExecutionCount} runs");
    }

    [Fact]
    public async Task Describe_ModelWithSequences_ShowsWhatRequestsHaveAndWhatTheServerMakes()
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: true));
        server.Configure("sums", Config, "config.pbtxt");
        await server.StartAsync(Cancellation, ("Models:Control", "Explicit"), ("Models:Load", "sums"));
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        var identity = await http.GetFromJsonAsync<JsonObject>("/v2", Cancellation);
        var metadata = await http.GetFromJsonAsync<JsonObject>("/v2/models/sums", Cancellation);
        var config = await http.GetFromJsonAsync<JsonObject>("/v2/models/sums/config", Cancellation);

        Assert.Contains("sequence", identity!["extensions"]!.AsArray().Select(static extension => (string?)extension));
        Assert.Equal(["INPUT"], metadata!["inputs"]!.AsArray().Select(static input => (string?)input!["name"]));
        Assert.Equal(["OUTPUT"], metadata["outputs"]!.AsArray().Select(static output => (string?)output!["name"]));
        Assert.Null(config!["dynamic_batching"]);
        var batching = config["sequence_batching"]!;
        Assert.Equal("60000000", batching["max_sequence_idle_microseconds"]!.ToString());
        Assert.Equal("64", batching["oldest"]!["max_candidate_sequences"]!.ToString());
        Assert.Equal(["CONTROL_SEQUENCE_END", "CONTROL_SEQUENCE_CORRID"], batching["control_input"]!.AsArray().Select(static input => (string?)input!["control"]![0]!["kind"]));
        Assert.Equal("[0,1]", batching["control_input"]![0]!["control"]![0]!["fp32_false_true"]!.ToJsonString());
        Assert.Equal(("SUM_IN", "SUM_OUT", "[2]"), ((string?)batching["state"]![0]!["input_name"], (string?)batching["state"]![0]!["output_name"], batching["state"]![0]!["dims"]!.ToJsonString().Replace("\"", "", StringComparison.Ordinal)));

        // What is told can be sent back with a load.
        batching["max_sequence_idle_microseconds"] = 7_000_000;
        using var loaded = await http.PostAsJsonAsync("/v2/repository/models/sums/load", new JsonObject { ["parameters"] = new JsonObject { ["config"] = config.ToJsonString() } }, Cancellation);
        var changed = await http.GetFromJsonAsync<JsonObject>("/v2/models/sums/config", Cancellation);
        Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("7000000", changed!["sequence_batching"]!["max_sequence_idle_microseconds"]!.ToString());
        Assert.Equal("[1,10]", await PostAsync(http, "sums", """{"sequence_id":7,"sequence_start":true}""", "[1,10]"));
    }

    [Fact]
    public async Task Infer_OverRest_TakesNumbersAndSaysWhatIsWrong()
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: true));
        server.Configure("sums", Config, "config.pbtxt");
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        Assert.Equal("[1,10]", await PostAsync(http, "sums", """{"sequence_id":7,"sequence_start":true}""", "[1,10]"));
        Assert.Equal("[3,30]", await PostAsync(http, "sums", """{"sequence_id":7}""", "[2,20]"));
        Assert.Equal("[710,730]", await PostAsync(http, "sums", """{"sequence_id":7,"sequence_end":true}""", "[7,0]"));
        Assert.Contains("must specify the START flag on the first request of the sequence", await PostAsync(http, "sums", """{"sequence_id":7}""", "[1,1]"), StringComparison.Ordinal);
        Assert.Contains("must specify a non-zero or non-empty correlation ID", await PostAsync(http, "sums", "{}", "[1,1]"), StringComparison.Ordinal);
        Assert.Contains(
            "the sequence_id of a request to model 'sums' is \"seven\"; its input 'ID' takes INT64, expected a whole number to 9223372036854775807",
            await PostAsync(http, "sums", """{"sequence_id":"seven","sequence_start":true}""", "[1,1]"), StringComparison.Ordinal);
        Assert.Contains("must specify batch-size 1", await PostAsync(http, "sums", """{"sequence_id":8,"sequence_start":true}""", "[1,1,1,1]", rows: 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ModelWithoutRowsAndAFileToBeginWith_CountsFromThere()
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: false));
        server.Configure(
            "sums",
            Config.Replace("max_batch_size: 16", "", StringComparison.Ordinal).Replace("oldest { max_candidate_sequences: 64 max_queue_delay_microseconds: 2000 }", "", StringComparison.Ordinal)
                .Replace("dims: [ 2 ]", "dims: [ -1 ] initial_state { name: \"from\" data_type: TYPE_FP32 dims: [ 2 ] data_file: \"from.bin\" }", StringComparison.Ordinal),
            "config.pbtxt");
        var folder = Directory.CreateDirectory(Path.Combine(server.Models, "sums", "initial_state")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "from.bin"), MemoryMarshal.AsBytes<float>([100f, 200f]).ToArray(), Cancellation);
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        Assert.Equal("[101,202]", await PostAsync(http, "sums", """{"sequence_id":3,"sequence_start":true}""", "[1,2]", rows: 0));
        Assert.Equal("[403,504]", await PostAsync(http, "sums", """{"sequence_id":3,"sequence_end":true}""", "[2,2]", rows: 0));
    }

    [Fact]
    public async Task Infer_EnsembleWithAStepOfSequences_HandsThePlaceOn()
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: true));
        server.Configure("sums", Config, "config.pbtxt");
        Directory.CreateDirectory(Path.Combine(server.Models, "both", "1"));
        server.Configure(
            "both",
            """
            platform: "ensemble"
            max_batch_size: 16
            input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
            output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
            ensemble_scheduling { step { model_name: "sums" model_version: -1 input_map { key: "INPUT" value: "X" } output_map { key: "OUTPUT" value: "Y" } } }
            """,
            "config.pbtxt");
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        Assert.Equal("[1,10]", await PostAsync(http, "both", """{"sequence_id":7,"sequence_start":true}""", "[1,10]", input: "X"));
        Assert.Equal("[3,30]", await PostAsync(http, "both", """{"sequence_id":7}""", "[2,20]", input: "X"));
        Assert.Contains("must specify a non-zero or non-empty correlation ID", await PostAsync(http, "both", "{}", "[1,1]", input: "X"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BeginSequence_OfTwoServers_StaysWithOneAndIsOverWhenItIs()
    {
        await using var first = new FolderServer();
        await using var second = new FolderServer();
        foreach (var server in new[] { first, second })
        {
            server.Add("sums", 1, MakeSums(hasRows: true));
            server.Configure("sums", Config, "config.pbtxt");
            await server.StartAsync(Cancellation);
        }

        using var client = new ZeroWorldClient([first.Server.Addresses.Grpc.ToString(), second.Server.Addresses.Grpc.ToString()]);
        InferenceSequence[] sequences = [.. Enumerable.Range(1, 8).Select(id => client.BeginSequence("sums", id: id == 1 ? 0 : (ulong)id))];
        for (var step = 0; step < 5; step++)
        {
            foreach (var (sequence, index) in sequences.Select(static (sequence, index) => (sequence, index)))
            {
                using var reply = await sequence.InferAsync([Float32Tensor.Create("INPUT", [1, 2], [index, 1f])], isLast: step == 4, cancellationToken: Cancellation);
                var sums = Float32Tensor.ToArray(reply.Outputs[0]);
                var last = step == 4 ? 100f * sequence.Id : 0;
                Assert.Equal([(index * (step + 1)) + last, step + 1 + last], sums);
            }
        }

        var over = await Assert.ThrowsAsync<InvalidOperationException>(() => sequences[1].InferAsync([Float32Tensor.Create("INPUT", [1, 2], [1f, 1f])], cancellationToken: Cancellation));
        Assert.Equal("The sequence 2 of model 'sums' is over; begin another one.", over.Message);
        Assert.All(
            new[] { first, second },
            server => Assert.InRange(server.Server.Services.GetRequiredService<ServedModels>().GetStatistics("sums", "")[0].Statistics.Success.Count, 5, 35));

        // A wrong request leaves a sequence as it was.
        var again = client.BeginSequence("sums", id: 9);
        using var began = await again.InferAsync([Float32Tensor.Create("INPUT", [1, 2], [1f, 1f])], cancellationToken: Cancellation);
        var wrong = await Assert.ThrowsAsync<RpcException>(() => again.InferAsync([Float32Tensor.Create("INPUT", [1, 3], [1f, 1f, 1f])], cancellationToken: Cancellation));
        using var ended = await again.InferAsync([Float32Tensor.Create("INPUT", [1, 2], [1f, 1f])], isLast: true, cancellationToken: Cancellation);
        Assert.Equal(StatusCode.InvalidArgument, wrong.StatusCode);
        Assert.Equal([902f, 902f], Float32Tensor.ToArray(ended.Outputs[0]));
    }

    [Theory]
    [InlineData("name: \"END\"", "name: \"LAST\"", "The sequence_batching of the model 'sums' makes the input 'LAST', and the model file has 'INPUT', 'END', 'ID', 'SUM_IN'.")]
    [InlineData("fp32_false_true", "int32_false_true", "makes the input 'END' of one INT32 per row, and the model file has END FP32 [-1, 1]")]
    [InlineData("output_name: \"SUM_OUT\"", "output_name: \"SUM\"", "keeps the output 'SUM', and the model file has 'OUTPUT', 'SUM_OUT'")]
    [InlineData("dims: [ 2 ]", "dims: [ 3 ]", "has the state 'SUM_IN' as FP32 [-1,3], and the model file has SUM_IN FP32 [-1, 2]")]
    [InlineData("dims: [ 2 ]", "dims: [ 2 ] initial_state { data_type: TYPE_FP32 dims: [ 2 ] data_file: \"none\" }", "the data_file 'initial_state/none' is not there")]
    [InlineData("dims: [ 2 ]", "dims: [ 2 ] initial_state { data_type: TYPE_FP32 dims: [ 2 ] data_file: \"../1/model.onnx\" }", "the data_file '../1/model.onnx' is a path")]
    public async Task Start_SettingsThatDoNotFit_SayWhatDoesNot(string from, string to, string expected)
    {
        await using var server = new FolderServer();
        server.Add("sums", 1, MakeSums(hasRows: true));
        server.Configure("sums", Config.Replace(from, to, StringComparison.Ordinal), "config.pbtxt");
        await server.StartAsync(Cancellation);
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };

        Assert.Contains(expected, await PostAsync(http, "sums", """{"sequence_id":7,"sequence_start":true}""", "[1,10]"), StringComparison.Ordinal);
    }

    private static ModelInferRequest Request(int id, int step, int steps)
    {
        var request = new ModelInferRequest { ModelName = "sums", Id = $"{id} {step}", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "INPUT", Datatype = "FP32", Shape = { 1, 2 } } } };
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes<float>([id, step])));
        request.Parameters["sequence_id"] = new InferParameter { Int64Param = id };
        request.Parameters["sequence_start"] = new InferParameter { BoolParam = step == 0 };
        request.Parameters["sequence_end"] = new InferParameter { BoolParam = step == steps - 1 };
        return request;
    }

    // All values of the sequence up to this one, and in its last answer a hundred times its id besides.
    private static void AssertSums(ModelInferResponse answer, int id, int step, int steps)
    {
        var last = step == steps - 1 ? 100f * id : 0;
        Assert.Equal([(id * (step + 1)) + last, (step * (step + 1) / 2) + last], MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray());
    }

    /// <returns>The data of the only output, or the error.</returns>
    private static async Task<string> PostAsync(HttpClient http, string model, string parameters, string data, int rows = 1, string input = "INPUT")
    {
        var shape = rows == 0 ? "[2]" : $"[{rows},2]";
        using var content = new StringContent($$"""{"parameters":{{parameters}},"inputs":[{"name":"{{input}}","datatype":"FP32","shape":{{shape}},"data":{{data}}}]}""", Encoding.UTF8, "application/json");
        using var response = await http.PostAsync($"/v2/models/{model}/infer", content, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        return response.StatusCode == HttpStatusCode.OK ? body!["outputs"]![0]!["data"]!.ToJsonString() : (string?)body!["error"] ?? "";
    }

    // SUM_OUT = INPUT + SUM_IN; OUTPUT = SUM_OUT + 100 * ID * END.
    private static byte[] MakeSums(bool hasRows)
    {
        long[] Shape(long size) => hasRows ? [-1, size] : [size];
        return new OnnxGraphBuilder("sums")
            .AddInput(new("INPUT", TensorDtype.Float32, Shape(2)))
            .AddInput(new("END", TensorDtype.Float32, Shape(1)))
            .AddInput(new("ID", TensorDtype.Int64, Shape(1)))
            .AddInput(new("SUM_IN", TensorDtype.Float32, Shape(2)))
            .AddInitializer("hundred", [100f], 1)
            .AddNode("Add", ["INPUT", "SUM_IN"], ["SUM_OUT"])
            .AddNode("Cast", ["ID"], ["id"], [OnnxAttribute.Of("to", 1L)])
            .AddNode("Mul", ["id", "END"], ["ending"])
            .AddNode("Mul", ["ending", "hundred"], ["last"])
            .AddNode("Add", ["SUM_OUT", "last"], ["OUTPUT"])
            .AddOutput(new("OUTPUT", TensorDtype.Float32, Shape(2)))
            .AddOutput(new("SUM_OUT", TensorDtype.Float32, Shape(2)))
            .ToBytes();
    }
}
