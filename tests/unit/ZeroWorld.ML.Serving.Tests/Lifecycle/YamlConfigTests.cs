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
