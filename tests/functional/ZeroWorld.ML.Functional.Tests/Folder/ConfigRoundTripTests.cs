using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A configuration that was told can be sent back with a load, as Triton's clients do to change one setting: it means the same.</summary>
public sealed class ConfigRoundTripTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("""
        max_batch_size: 8
        dynamic_batching {
          preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 priority_levels: 3 default_priority_level: 2
          default_queue_policy { max_queue_size: 100 default_timeout_microseconds: 1000000 timeout_action: DELAY }
          priority_queue_policy { key: 1 value { max_queue_size: 50 } }
        }
        instance_group { count: 2 kind: KIND_CPU }
        parameters { key: "a" value { string_value: "b" } }
        response_cache { enable: true }
        """)]
    [InlineData("""
        max_batch_size: 4
        input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [ 4, 4 ] reshape { shape: [ 16 ] } }, { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] optional: false } ]
        output { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] }
        version_policy { all { } }
        """)]
    public async Task Load_WithTheConfigurationThatWasTold_MeansTheSame(string text)
    {
        await using var server = new FolderServer();
        TensorModels.WriteSimple(server.Models);
        server.Configure("simple", text, "config.pbtxt");

        await AssertRoundTripAsync(server, "simple");
    }

    [Fact]
    public async Task Load_WithTheConfigurationOfAnEnsemble_MeansTheSame()
    {
        await using var server = new FolderServer();
        TensorModels.WriteSimple(server.Models);
        Directory.CreateDirectory(Path.Combine(server.Models, "both", "1"));
        server.Configure(
            "both",
            """
            platform: "ensemble"
            max_batch_size: 8
            input [ { name: "A" data_type: TYPE_INT32 dims: [ 16 ] }, { name: "B" data_type: TYPE_INT32 dims: [ 16 ] } ]
            output { name: "C" data_type: TYPE_INT32 dims: [ 16 ] }
            ensemble_scheduling { step { model_name: "simple" model_version: -1 input_map { key: "INPUT0" value: "A" } input_map { key: "INPUT1" value: "B" } output_map { key: "OUTPUT0" value: "C" } } }
            """,
            "config.pbtxt");

        await AssertRoundTripAsync(server, "both");
    }

    private static async Task AssertRoundTripAsync(FolderServer server, string model)
    {
        await server.StartAsync(Cancellation, ("Models:Control", "Explicit"), ("Models:Load", model));
        using var http = new HttpClient { BaseAddress = server.Server.Addresses.Http };
        var told = await http.GetFromJsonAsync<JsonObject>($"/v2/models/{model}/config", Cancellation);

        using var loaded = await http.PostAsJsonAsync($"/v2/repository/models/{model}/load", new JsonObject { ["parameters"] = new JsonObject { ["config"] = told!.ToJsonString() } }, Cancellation);
        Assert.True(loaded.IsSuccessStatusCode, await loaded.Content.ReadAsStringAsync(Cancellation));
        var again = await http.GetFromJsonAsync<JsonObject>($"/v2/models/{model}/config", Cancellation);

        Assert.Equal(told.ToJsonString(), again!.ToJsonString());
    }
}
