using System.Buffers;
using System.Text;
using System.Text.Json;
using Inference;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class MessageJsonTests
{
    [Fact]
    public void Write_Message_HasNamesNumbersAndEnumerationsAsClientsReadThem()
    {
        var message = new ModelConfig
        {
            Name = "m",
            MaxBatchSize = 8,
            Input = { new ModelInput { Name = "x", DataType = DataType.TypeInt32, Dims = { 16, -1 } } },
            VersionPolicy = new ModelVersionPolicy { Specific = new ModelVersionPolicy.Types.Specific { Versions = { long.MaxValue } } },
            Parameters = { ["a"] = new ModelParameter { StringValue = "b" } },
            SequenceBatching = new ModelSequenceBatching
            {
                MaxSequenceIdleMicroseconds = 5, Direct = new ModelSequenceBatching.Types.StrategyDirect { MinimumSlotUtilization = 0.5f },
                ControlInput = { new ModelSequenceBatching.Types.ControlInput { Name = "S", Control = { new ModelSequenceBatching.Types.Control { BoolFalseTrue = { false, true } } } } },
            },
        };
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            MessageJson.Write(writer, message);
        }

        Assert.Equal(
            """{"name":"m","platform":"","version_policy":{"specific":{"versions":[9223372036854775807]}},"max_batch_size":8,"input":[{"name":"x","data_type":"TYPE_INT32","format":"FORMAT_NONE","dims":[16,-1],"allow_ragged_batch":false,"optional":false}],"output":[],"instance_group":[],"default_model_filename":"","sequence_batching":{"max_sequence_idle_microseconds":5,"control_input":[{"name":"S","control":[{"kind":"CONTROL_SEQUENCE_START","int32_false_true":[],"fp32_false_true":[],"data_type":"TYPE_INVALID","bool_false_true":[false,true]}]}],"direct":{"max_queue_delay_microseconds":0,"minimum_slot_utilization":0.5},"state":[]},"parameters":{"a":{"string_value":"b"}},"backend":"","batch_input":[],"batch_output":[],"runtime":""}""",
            Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
