using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class PbConfigTests
{
    // The fields of Triton's own examples, in the ways in which people write them.
    private const string Full = """
        # A comment.
        name: "simple"
        platform: 'onnxruntime_onnx'
        backend: "onnx" "runtime"
        max_batch_size: 0x8;
        default_model_filename: "net.onnx",
        input [
          { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
          { name: "INPUT1", data_type: TYPE_STRING, dims: [ -1, 2 ] optional: true }
        ]
        output { name: "OUTPUT0" data_type: TYPE_FP16 dims: 16 dims: 1 }
        version_policy: { specific { versions: [ 1, 3 ] } }
        dynamic_batching < preferred_batch_size: [ 8, 4 ] max_queue_delay_microseconds: 100 >
        instance_group [ { count: 2 kind: KIND_CPU } ]
        optimization { graph { level: 1 } }
        parameters { key: "intra_op_thread_count" value: { string_value: "2" } }
        parameters: { key: "owner", value: { string_value: "r\151sk \u00e4" } }
        response_cache { enable: false }
        """;

    [Fact]
    public void Read_FieldsOfTritonsExamples_MeanWhatTheyMeanThere()
    {
        var config = PbConfigReader.Read(Full);
        var settings = config.Settings;

        Assert.Equal(("simple", "onnx", "net.onnx"), (config.Name, config.Runtime, config.ModelFile));
        Assert.Equal((RowAxis.Declared, 8), (settings.RowAxis, settings.BatchRowsMax));
        Assert.Equal(["INPUT0 INT32 [-1, 16]", "INPUT1 BYTES [-1, -1, 2]"], settings.Inputs.Select(static spec => spec.ToString()));
        Assert.Equal([false, true], settings.Inputs.Select(static spec => spec.IsOptional));
        Assert.Equal("OUTPUT0 FP16 [-1, 16, 1]", Assert.Single(settings.Outputs).ToString());
        Assert.Equal([1, 3], config.Versions.Named!);
        Assert.Equal([4, 8], settings.PreferredRows);
        Assert.Equal(TimeSpan.FromMicroseconds(100), settings.QueueDelay);
        Assert.Equal((2, "cpu"), (settings.Instances, settings.Device));
        Assert.Equal(("extended", 2), (settings.Onnx.GraphOptimization, settings.Onnx.Threads));
        Assert.Equal("risk ä", settings.Parameters["owner"]);
    }

    [Theory]
    [InlineData("", RowAxis.FromFile)]
    [InlineData("max_batch_size: 0", RowAxis.None)]
    [InlineData("input { name: \"x\" data_type: TYPE_FP32 dims: [ 2 ] }", RowAxis.None)]
    [InlineData("max_batch_size: 1", RowAxis.Declared)]
    public void Read_MaxBatchSize_DecidesWhetherThereAreRows(string text, RowAxis expected) => Assert.Equal(expected, PbConfigReader.Read(text).Settings.RowAxis);

    [Fact]
    public void Read_TensorRtAccelerator_IsTranslated()
    {
        var config = PbConfigReader.Read("""
            optimization { execution_accelerators { gpu_execution_accelerator: [ { name: "tensorrt"
              parameters { key: "precision_mode" value: "FP16" } parameters { key: "max_workspace_size_bytes" value: "1024" } } ] } }
            instance_group { kind: KIND_GPU gpus: [ 1 ] }
            """);

        Assert.Equal(new Dictionary<string, string> { ["trt_fp16_enable"] = "1", ["trt_max_workspace_size"] = "1024" }, config.Settings.Onnx.TensorRt);
        Assert.Equal("cuda:1", config.Settings.Device);
    }

    [Fact]
    public void Read_FieldsThatChangeNoAnswer_AreTaken()
    {
        var settings = PbConfigReader.Read("""
            max_batch_size: 8
            optimization { priority: PRIORITY_MAX cuda { graphs: true busy_wait_events: true } eager_batching: true gather_kernel_buffer_threshold: 4 }
            response_cache { enable: true }
            instance_group [ { count: 3 kind: KIND_CPU host_policy: "p" rate_limiter { resources [ { name: "R1" count: 4 } ] priority: 2 } } ]
            """).Settings;

        Assert.Equal((3, "cpu"), (settings.Instances, settings.Device));
    }

    [Fact]
    public void Read_ReshapeFormatAndWarmup_AreBesideTheModelsOwnShapes()
    {
        var settings = PbConfigReader.Read("""
            max_batch_size: 8
            input [ { name: "x" data_type: TYPE_FP32 format: FORMAT_NHWC dims: [ 2, -1, 3 ] reshape { shape: [ 2, 1, -1, 3 ] } } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [ 1 ] reshape: { } } ]
            model_warmup [ { name: "w" batch_size: 2 count: 3 inputs { key: "x" value: { data_type: TYPE_FP32 dims: [ 2, 5, 3 ] zero_data: true } } } ]
            """).Settings;

        Assert.Equal("x FP32 [-1, 2, 1, -1, 3]", Assert.Single(settings.Inputs).ToString());
        Assert.Equal([-1, 2, -1, 3], settings.InputReshapes["x"].Request);
        Assert.Equal("y FP32 [-1]", Assert.Single(settings.Outputs).ToString());
        Assert.Equal([-1, 1], settings.OutputReshapes["y"].Request);
        Assert.Equal("NHWC", settings.InputFormats["x"]);
        var sample = Assert.Single(settings.WarmupSamples);
        Assert.Equal(("w", 2, 3, "x FP32 [2, 5, 3]"), (sample.Name, sample.Rows, sample.Runs, sample.Inputs[0].Tensor.ToString()));
    }

    [Theory]
    [InlineData("max_batch_sise: 8", "1:1: there is no field 'max_batch_sise' in a model configuration")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"c\" } output_map { key: \"y\" value: \"b\" } } }", "reads the tensor 'c', which no input and no step gives")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"a\" } } }", "gives the tensor 'a', which an input or another step gives already")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"c\" } output_map { key: \"y\" value: \"d\" } } step { model_name: \"m\" input_map { key: \"x\" value: \"d\" } output_map { key: \"y\" value: \"c\" } } step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "reads the tensor 'c', which comes, at last, of its own outputs")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"c\" } } }", "is the last, and none gives the output 'b'")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { }", "'ensemble_scheduling' has 0 steps; expected 1 to 256")]
    [InlineData("backend: \"onnxruntime\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "'ensemble_scheduling' stands beside a platform that is not")]
    [InlineData("platform: \"ensemble\" dynamic_batching { } input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "stands beside 'dynamic_batching', which belongs to the models of the steps")]
    [InlineData("platform: \"ensemble\" instance_group { count: 2 } input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "stands beside 'instance_group', which belongs to the models of the steps")]
    [InlineData("platform: \"ensemble\" optimization { graph { level: 1 } } input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "stands beside 'optimization', which belongs to the models of the steps")]
    [InlineData("platform: \"ensemble\" input { name: \"c\" data_type: TYPE_FP32 dims: [ 1 ] } input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "is the last, and none reads the input 'c'")]
    [InlineData("platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"m\" } }", "has the model_name 'm', 0 input_map and 0 output_map")]
    [InlineData("name: \"all\" platform: \"ensemble\" input { name: \"a\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"b\" data_type: TYPE_FP32 dims: [ 1 ] } ensemble_scheduling { step { model_name: \"all\" input_map { key: \"x\" value: \"a\" } output_map { key: \"y\" value: \"b\" } } }", "has the ensemble itself as model_name")]
    [InlineData("platform: \"ensemble\"", "the platform is \"ensemble\" and there is no 'ensemble_scheduling'")]
    [InlineData("\n\n  sequence_batching { iterative_sequence: true }", "3:23: 'iterative_sequence' is not supported here")]
    [InlineData("sequence_batching { direct { } oldest { max_candidate_sequences: 4 } }", "'oldest' stands beside 'direct'; expected one of them")]
    [InlineData("sequence_batching { oldest { } }", "'oldest' has no max_candidate_sequences; expected 1 to 65536")]
    [InlineData("sequence_batching { oldest { max_candidate_sequences: 0 } }", "expected a whole number from 1 to 65536")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 1.5 } }", "'minimum_slot_utilization' is 1.5; expected 0 to 1")]
    [InlineData("sequence_batching { direct { max_candidate_sequences: 4 } }", "there is no field 'max_candidate_sequences'")]
    [InlineData("sequence_batching { } dynamic_batching { }", "'sequence_batching' stands beside 'dynamic_batching'; expected one of them")]
    [InlineData("sequence_batching { control_input { control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }", "this control_input has no name and 1 of 'control'; expected one of each")]
    [InlineData("sequence_batching { control_input { name: \"S\" } }", "this control_input has a name and 0 of 'control'")]
    [InlineData("sequence_batching { control_input { name: \"S\" control { kind: CONTROL_START } } }", "'kind' is CONTROL_START; expected CONTROL_SEQUENCE_START, CONTROL_SEQUENCE_READY, CONTROL_SEQUENCE_END, CONTROL_SEQUENCE_CORRID")]
    [InlineData("sequence_batching { control_input { name: \"S\" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 1 ] } } }", "has two values, false and true, in one of int32_false_true, fp32_false_true and bool_false_true; there are 1")]
    [InlineData("sequence_batching { control_input { name: \"S\" control { kind: CONTROL_SEQUENCE_CORRID data_type: TYPE_FP32 } } }", "a CONTROL_SEQUENCE_CORRID has a data_type of TYPE_INT32, TYPE_UINT32")]
    [InlineData("sequence_batching { control_input { name: \"S\" control { int32_false_true: [ 0, 1 ] } } control_input { name: \"T\" control { int32_false_true: [ 0, 1 ] } } }", "there are 2 controls of the kind CONTROL_SEQUENCE_START; expected one")]
    [InlineData("sequence_batching { control_input { name: \"S\" control { int32_false_true: [ 0, 1 ] } } state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 } }", "two of its controls and states have one tensor: 'S', 'S', 'T'")]
    [InlineData("sequence_batching { state { input_name: \"S\" data_type: TYPE_FP32 } }", "a state lacks an output_name")]
    [InlineData("sequence_batching { state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 2 ] initial_state { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } } }", "the initial_state of 'S' is FP32 [3]; expected FP32 [2]")]
    [InlineData("sequence_batching { state { input_name: \"S\" output_name: \"T\" data_type: TYPE_FP32 dims: [ 2 ] initial_state { data_type: TYPE_FP32 dims: [ 2 ] } } }", "the initial_state of 'S' lacks zero_data or a data_file")]
    [InlineData("max_batch_size: 4 input { name: \"S\" data_type: TYPE_FP32 dims: [ 1 ] } sequence_batching { control_input { name: \"S\" control { int32_false_true: [ 0, 1 ] } } }", "'sequence_batching' makes the input 'S', which is declared as one that requests have")]
    [InlineData("max_batch_size: \"8\"", "1:1: 'max_batch_size' is \"8\"; expected a whole number from 0 to 65536")]
    [InlineData("max_batch_size: -1", "expected a whole number from 0")]
    [InlineData("max_batch_size: 99999999999999999999999999", "expected a whole number from 0")]
    [InlineData("max_batch_size: 1.5", "expected a whole number from 0")]
    [InlineData("platform: \"tensorflow_savedmodel\"", "'platform' is \"tensorflow_savedmodel\"; expected")]
    [InlineData("platform: \"onnxruntime_onnx\" backend: \"pytorch\"", "expected the same runtime")]
    [InlineData("input { name: \"x\" data_type: TYPE_FP32 dims: [ 2 ] reshape: { shape: [ ] } }", "1:52: the input 'x' has dims that its reshape does not fit: [2] and [] do not have the same elements")]
    [InlineData("input { name: \"x\" data_type: TYPE_FP32 dims: [ 2 ] format: FORMAT_RGB }", "expected FORMAT_NONE, FORMAT_NCHW or FORMAT_NHWC")]
    [InlineData("batch_output { }", "1:1: this batch_output has 0 target_name and 0 source_input; expected one of each")]
    [InlineData("batch_output { kind: BATCH_SCATTER }", "'kind' is BATCH_SCATTER; expected BATCH_SCATTER_WITH_INPUT_SHAPE")]
    [InlineData("batch_output { target_name: \"y\" source_input: \"x\" } batch_output { target_name: \"y\" source_input: \"x\" }", "the batch_output 'y' is declared twice")]
    [InlineData("max_batch_size: 4 batch_output { target_name: \"y\" source_input: \"x\" }", "the batch_output 'y' is no output that is declared, without reshape")]
    [InlineData("max_batch_size: 4 input { name: \"x\" data_type: TYPE_FP32 dims: [ -1 ] } output { name: \"y\" data_type: TYPE_FP32 dims: [ -1 ] } batch_output { target_name: \"y\" source_input: \"x\" }", "the batch_output 'y' has the source_input 'x'; expected an input with allow_ragged_batch")]
    [InlineData("max_batch_size: 4 input { name: \"x\" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true } output { name: \"y\" data_type: TYPE_FP32 dims: [ 2, -1 ] } batch_output { target_name: \"y\" source_input: \"x\" }", "the batch_output 'y' has the dims [2,-1], whose open ones the source_input 'x' with [-1] does not have")]
    [InlineData("batch_input { target_name: \"n\" data_type: TYPE_INT32 }", "1:1: this batch_input has 1 target_name, 0 source_input and a data_type; expected one of each")]
    [InlineData("batch_input { kind: BATCH_COUNT }", "'kind' is BATCH_COUNT; expected BATCH_ELEMENT_COUNT, ")]
    [InlineData("batch_input { data_type: TYPE_INT64 }", "'data_type' is TYPE_INT64; expected TYPE_INT32 or TYPE_FP32")]
    [InlineData("max_batch_size: 4 input { name: \"x\" data_type: TYPE_FP32 dims: [ -1 ] } batch_input { target_name: \"n\" source_input: \"x\" data_type: TYPE_INT32 }", "the batch_input 'n' has the source_input 'x'; expected an input with allow_ragged_batch")]
    [InlineData("max_batch_size: 4 input { name: \"x\" data_type: TYPE_FP32 dims: [ -1 ] allow_ragged_batch: true } batch_input { target_name: \"x\" source_input: \"x\" data_type: TYPE_INT32 }", "the batch_input 'x' is declared twice")]
    [InlineData("input { name: \"x\" data_type: TYPE_FP32 dims: [ 2 ] allow_ragged_batch: true optional: true }", "the input 'x' has allow_ragged_batch and 'optional'; expected one of them")]
    [InlineData("optimization { priority: PRIORITY_HIGH }", "expected PRIORITY_DEFAULT, PRIORITY_MAX or PRIORITY_MIN")]
    [InlineData("max_batch_size: 4 model_warmup { name: \"w\" batch_size: 5 }", "1:19: 'batch_size' of the model_warmup 'w' is 5; expected at most 4, the max_batch_size")]
    [InlineData("max_batch_size: 0 model_warmup { name: \"w\" batch_size: 2 }", "expected at most 1, as the model takes no batches")]
    [InlineData("model_warmup { inputs { key: \"x\" value { dims: 1 zero_data: true } } }", "1:16: an input of model_warmup lacks a data_type")]
    [InlineData("model_warmup { inputs { key: \"x\" value { data_type: TYPE_FP32 } } }", "lacks zero_data, random_data or an input_data_file")]
    [InlineData("model_warmup { batch_sise: 1 }", "there is no field 'batch_sise' in a model configuration")]
    [InlineData("input { name: \"x\" data_type: FP32 dims: [ 2 ] }", "expected TYPE_BOOL")]
    [InlineData("input { name: \"x\" data_type: TYPE_BYTES dims: [ 2 ] }", "expected TYPE_BOOL")]
    [InlineData("input { data_type: TYPE_FP32 dims: [ 2 ] }", "this input has no name")]
    [InlineData("input { name: \"x\" dims: [ 2 ] }", "the input 'x' has no data_type")]
    [InlineData("input { name: \"x\" data_type: TYPE_FP32 } input { name: \"x\" data_type: TYPE_FP32 }", "the input 'x' is declared twice")]
    [InlineData("dynamic_batching { preserve_ordering: true priority_levels: 3 default_priority_level: 1 }", "preserve_ordering is set beside 3 levels of priority")]
    [InlineData("dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY } }", "preserve_ordering is set beside a queue policy whose action on timeout is DELAY")]
    [InlineData("dynamic_batching { preserve_ordering: true priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 1 value { timeout_action: DELAY } } }", "preserve_ordering is set beside a queue policy whose action on timeout is DELAY")]
    [InlineData("instance_group { kind: KIND_CPU gpus: [ 0 ] }", "an instance_group of KIND_CPU names gpus")]
    [InlineData("model_transaction_policy { decoupled: true }", "'decoupled: true' is not supported here")]
    [InlineData("parameters { key: \"intra_op_thread_count\" value: { string_value: \"many\" } }", "intra_op_thread_count is 'many'")]
    [InlineData("name: \"abc", "1:11: a text lacks its closing quote")]
    [InlineData("name: \"\\q\"", "'\\q' is no escape")]
    [InlineData("input {", "1:8: the file ends where '}' was expected")]
    [InlineData("input [ { } { } ]", "the list 'input' lacks a ',' or ']'")]
    [InlineData("name \"x\"", "'name' lacks a ':' or a message in braces")]
    [InlineData("name:", "the file ends where the value of 'name' was expected")]
    [InlineData("}", "1:1: '}' stands where the name of a field was expected")]
    [InlineData("\u0001", "'U+0001' stands where the name of a field was expected")]
    [InlineData("[type.googleapis.com/x] { }", "'[' stands where the name of a field was expected")]
    public void Read_WhatIsWrong_IsAnErrorWithItsPlace(string text, string expected)
    {
        var exception = Assert.Throws<ModelConfigException>(() => PbConfigReader.Read(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
    }

    [Fact]
    public void Read_NestedWithoutEnd_IsAnErrorAndNoStackOverflow() =>
        Assert.Contains("nested", Assert.Throws<ModelConfigException>(() => PbConfigReader.Read(string.Concat(Enumerable.Repeat("a{", 100_000)))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_Garbage_IsReadOrAnError()
    {
        var random = new Random(1);
        for (var round = 0; round < 5000; round++)
        {
            var text = Full.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                text[random.Next(text.Length)] = (char)random.Next(1, 256);
            }

            var cut = new string(text)[random.Next(20)..random.Next(text.Length - 1, text.Length)];
            try
            {
                PbConfigReader.Read(cut);
            }
            catch (ModelConfigException exception)
            {
                Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
            }
        }
    }
}
