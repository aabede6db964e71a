using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class JsonConfigReaderTests
{
    [Fact]
    public void Read_JsonOfProtobuf_MeansWhatTheTextFormMeans()
    {
        var json = JsonConfigReader.Read(
            """
            {"name":"m","backend":"onnxruntime","max_batch_size":"16","versionPolicy":{"specific":{"versions":["2",3]}},
             "input":[{"name":"x","data_type":"TYPE_INT32","dims":["16"]}],"output":[{"name":"y","dataType":"TYPE_STRING","dims":[-1]}],
             "instance_group":[{"count":2,"kind":"KIND_CPU"}],"dynamic_batching":{"preferred_batch_size":[4,8],"max_queue_delay_microseconds":"100"},
             "parameters":{"a":{"string_value":"b"}},"model_transaction_policy":{"decoupled":false},"response_cache":null}
            """);
        var text = PbConfigReader.Read(
            """
            name: "m" backend: "onnxruntime" max_batch_size: 16 version_policy { specific { versions: [2, 3] } }
            input [ { name: "x" data_type: TYPE_INT32 dims: [16] } ] output [ { name: "y" data_type: TYPE_STRING dims: [-1] } ]
            instance_group [ { count: 2 kind: KIND_CPU } ] dynamic_batching { preferred_batch_size: [4, 8] max_queue_delay_microseconds: 100 }
            parameters { key: "a" value { string_value: "b" } } model_transaction_policy { decoupled: false }
            """);

        Assert.Equal((text.Name, text.Runtime), (json.Name, json.Runtime));
        Assert.Equal(text.Versions.Choose([1, 2, 3, 4]), json.Versions.Choose([1, 2, 3, 4]));
        Assert.Equal(
            (text.Settings.BatchRowsMax, text.Settings.RowAxis, text.Settings.Instances, text.Settings.Device, text.Settings.QueueDelay),
            (json.Settings.BatchRowsMax, json.Settings.RowAxis, json.Settings.Instances, json.Settings.Device, json.Settings.QueueDelay));
        Assert.Equal(text.Settings.Inputs, json.Settings.Inputs);
        Assert.Equal(text.Settings.Outputs, json.Settings.Outputs);
        Assert.Equal(text.Settings.PreferredRows, json.Settings.PreferredRows);
        Assert.Equal(text.Settings.Parameters, json.Settings.Parameters);
    }

    [Theory]
    [InlineData("", "the configuration is not JSON")]
    [InlineData("[]", "the configuration is no JSON object")]
    [InlineData("""{"max_batch_size":"many"}""", "'max_batch_size' is many; expected a whole number")]
    [InlineData("""{"max_batch_size":1.5}""", "'max_batch_size' is 1.5; expected a whole number")]
    [InlineData("""{"max_batch":1}""", "there is no field 'max_batch' in a model configuration")]
    [InlineData("""{"sequenceBatching":{"iterativeSequence":true}}""", "'iterative_sequence' is not supported here")]
    [InlineData("""{"input":[null]}""", "'input' is null inside a list")]
    [InlineData("""{"\ud800":1}""", "the configuration is not JSON")]
    [InlineData("""{"name":"\ud800"}""", "'name' is no valid Unicode text")]
    [InlineData("\ud800", "the configuration is not JSON")]
    public void Read_WhatIsNoConfiguration_IsRefused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<ModelConfigException>(() => JsonConfigReader.Read(json)).Message, StringComparison.Ordinal);
}
