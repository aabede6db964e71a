using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class YamlConfigTests
{
    private const string Full = """
        runtime: onnx
        file: net.onnx
        versions: { latest: 2 }
        pinned: true
        device: cpu
        batch_rows_max: 64
        batching: { preferred_rows: [16, 8], queue_delay: 2ms }
        instances: 2
        warmup_rows: [8, 1]
        inputs:
          - { name: x, dtype: FP32, shape: [-1, 16] }
        outputs:
          - name: y
            dtype: FP32
            shape: [-1, 1]
        parameters: { team: risk }
        onnx:
          graph_optimization: basic
          threads: 2
          memory_arena: false
          session: { session.set_denormal_as_zero: "1" }
          cuda: { use_tf32: true }
        """;

    [Fact]
    public void Read_EverySetting_IsTaken()
    {
        var config = YamlConfigReader.Read(Full);
        var settings = config.Settings;

        Assert.Equal(("onnx", "net.onnx", 2), (config.Runtime, config.ModelFile, config.Versions.NewestCount));
        Assert.Equal((true, "cpu", RowAxis.Declared, 64, 2), (settings.IsPinned, settings.Device, settings.RowAxis, settings.BatchRowsMax, settings.Instances));
        Assert.Equal([8, 16], settings.PreferredRows);
        Assert.Equal([1, 8], settings.WarmupRows);
        Assert.Equal(TimeSpan.FromMilliseconds(2), settings.QueueDelay);
        Assert.Equal("x FP32 [-1, 16]", Assert.Single(settings.Inputs).ToString());
        Assert.Equal("risk", settings.Parameters["team"]);
        Assert.Equal(("basic", 2, false), (settings.Onnx.GraphOptimization, settings.Onnx.Threads, settings.Onnx.UsesMemoryArena));
        Assert.Equal("1", settings.Onnx.SessionEntries["session.set_denormal_as_zero"]);
        Assert.Equal("1", settings.Onnx.Cuda!["use_tf32"]);
    }

    [Fact]
    public void Read_Sequences_AreTaken()
    {
        var settings = YamlConfigReader.Read("""
            sequences:
              idle_max: 2m
              candidates_max: 7
              rows_share_min: 0.5
              controls: [{ input: START, kind: start, dtype: FP32, values: [-1, 1] }, { input: READY, kind: ready, dtype: BOOL }, { input: ID, kind: id, dtype: BYTES }]
              states: [{ input: A, output: B, dtype: FP32, shape: [-1, 2], initial_shape: [1, 2], initial_file: zero, answered: true }, { input: C, output: D, dtype: INT32, shape: [-1] }]
            """).Settings;
        var sequences = settings.Sequences!;

        Assert.Equal((RowAxis.None, TimeSpan.FromMinutes(2), 7, 0.5), (settings.RowAxis, sequences.IdleMax, sequences.CandidatesMax, sequences.SlotUtilizationMin));
        Assert.Equal(
            [new SequenceControl("START", SequenceControlKind.Start, TensorDtype.Float32, -1), new SequenceControl("READY", SequenceControlKind.Ready, TensorDtype.Bool), new SequenceControl("ID", SequenceControlKind.CorrelationId, TensorDtype.Bytes)],
            sequences.Controls);
        Assert.Equal(("A", "B", "zero", true), (sequences.States[0].Input, sequences.States[0].Output, sequences.States[0].InitialFile, sequences.States[0].IsAnswered));
        Assert.Equal([1, 2], sequences.States[0].InitialShape);
        Assert.Equal([1], sequences.States[1].InitialShape);
    }

    [Theory]
    [InlineData("versions: all", new long[] { 1, 2, 3 })]
    [InlineData("versions: latest", new long[] { 3 })]
    [InlineData("versions: [1, 3]", new long[] { 1, 3 })]
    [InlineData("", new long[] { 3 })]
    public void Read_Versions_ChoosesThem(string text, long[] expected) => Assert.Equal(expected, YamlConfigReader.Read(text).Versions.Choose([1, 2, 3]));

    [Theory]
    [InlineData("batch_rows_max: 0", RowAxis.None)]
    [InlineData("row_axis: false", RowAxis.None)]
    [InlineData("row_axis: true", RowAxis.Declared)]
    [InlineData("batch_rows_max: 8", RowAxis.Declared)]
    [InlineData("pinned: false", RowAxis.FromFile)]
    public void Read_RowAxis_IsWhatIsSaid(string text, RowAxis expected) => Assert.Equal(expected, YamlConfigReader.Read(text).Settings.RowAxis);

    [Theory]
    [InlineData("pined: true", "1:8: there is no setting 'pined'; expected one of")]
    [InlineData("onnx:\n  theads: 2", "2:11: there is no setting 'theads'")]
    [InlineData("pinned: maybe", "'pinned' is \"maybe\"; expected true or false")]
    [InlineData("instances: 0", "expected a whole number from 1 to 1024")]
    [InlineData("versions: newest", "expected latest, all")]
    [InlineData("runtime: tensorflow", "expected onnx or torchscript")]
    [InlineData("batching: { queue_delay: 2 }", "expected a duration")]
    [InlineData("inputs: [{ name: x }]", "lacks its name or dtype")]
    [InlineData("sequences: { idle_max: 5 }", "expected a duration such as 500ms")]
    [InlineData("sequences: { candidates_max: 0 }", "expected a whole number from 1 to 65536")]
    [InlineData("sequences: { rows_share_min: 2 }", "expected 0 to 1")]
    [InlineData("sequences: { controls: [{ input: S, kind: begin, dtype: INT32 }] }", "expected start, ready, end, id")]
    [InlineData("sequences: { controls: [{ input: S, kind: start }] }", "a control lacks its dtype")]
    [InlineData("sequences: { controls: [{ input: S, kind: start, dtype: INT64 }] }", "the control 'S' is INT64 with 0 values")]
    [InlineData("sequences: { controls: [{ input: S, kind: start, dtype: INT32, values: [1] }] }", "the control 'S' is INT32 with 1 values")]
    [InlineData("sequences: { controls: [{ input: S, kind: id, dtype: FP32 }] }", "the control 'S' of the kind id is FP32")]
    [InlineData("sequences: { controls: [{ input: S, kind: end, dtype: BOOL }, { input: T, kind: end, dtype: BOOL }] }", "there are 2 controls of the kind CONTROL_SEQUENCE_END")]
    [InlineData("sequences: { states: [{ input: H, dtype: FP32 }] }", "a state lacks its output")]
    [InlineData("sequences: { states: [{ input: H, output: G, dtype: FP32, shape: [-1, 2], initial_shape: [1, 3] }] }", "the initial_shape of 'H' is [1,3]; expected [-1,2]")]
    [InlineData("sequences: { states: [{ input: H, output: G, dtype: FP32 }, { input: H, output: F, dtype: FP32 }] }", "two of its controls and states have one tensor")]
    [InlineData("sequences: { state: 1 }", "there is no setting 'state'")]
    [InlineData("a: &x 1\nb: *x", "a list of lists, an alias")]
    [InlineData("- 1", "the file holds no mapping")]
    [InlineData("a: [[1]]", "a list of lists")]
    [InlineData("a: 1\na: 2", "'a' is there twice")]
    [InlineData("a: {", "")]
    [InlineData("a: \"b", "")]
    public void Read_WhatIsWrong_IsAnErrorWithItsPlace(string text, string expected)
    {
        var exception = Assert.Throws<ModelConfigException>(() => YamlConfigReader.Read(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
    }

    [Fact]
    public void Read_Garbage_IsReadOrAnError()
    {
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var text = Full.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                text[random.Next(text.Length)] = (char)random.Next(1, 256);
            }

            try
            {
                YamlConfigReader.Read(new string(text));
            }
            catch (ModelConfigException exception)
            {
                Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
            }
        }
    }
}
