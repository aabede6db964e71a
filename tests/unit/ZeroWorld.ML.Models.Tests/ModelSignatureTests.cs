namespace ZeroWorld.ML.Models.Tests;

public sealed class ModelSignatureTests
{
    private static readonly ModelSignature Declared = new(
        [new TensorSpec("features", TensorDtype.Float32, [-1, 15])], [new TensorSpec("probability", TensorDtype.Float32, [-1, 1])]);

    [Fact]
    public void FindDifferences_SameTensorsAndMoreOutputs_None()
    {
        var file = Declared with { Outputs = [.. Declared.Outputs, new TensorSpec("label", TensorDtype.Int64, [-1])] };

        Assert.Empty(Declared.FindDifferences(file));
        Assert.Empty(Declared.FindDifferences(Declared with { Inputs = [new TensorSpec("features", TensorDtype.Float32, [-1, -1])] }));
    }

    [Fact]
    public void FindDifferences_EveryKind_IsNamed()
    {
        var file = new ModelSignature(
            [new TensorSpec("features", TensorDtype.Float32, [-1, 14]), new TensorSpec("extra", TensorDtype.Int64, [-1])],
            [new TensorSpec("score", TensorDtype.Float32, [-1, 1])]);

        Assert.Equal(
            [
                "the manifest declares the input features FP32 [-1, 15], the model file has features FP32 [-1, 14]",
                "the manifest declares the output 'probability', the model file has 'score'",
                "the model file takes the input extra INT64 [-1], which the manifest does not declare",
            ],
            Declared.FindDifferences(file));
        Assert.Single(Declared.FindDifferences(Declared with { Outputs = [new TensorSpec("probability", TensorDtype.Float64, [-1, 1])] }));
        Assert.Single(Declared.FindDifferences(Declared with { Inputs = [new TensorSpec("features", TensorDtype.Float32, [1, 15])] }));
    }

    [Fact]
    public void IsBatchable_FixedFirstAxis_IsFalse()
    {
        Assert.True(Declared.IsBatchable);
        Assert.False((Declared with { Outputs = [new TensorSpec("probability", TensorDtype.Float32, [1])] }).IsBatchable);
    }

    [Theory]
    [InlineData("FP32", TensorDtype.Float32, 4)]
    [InlineData("BOOL", TensorDtype.Bool, 1)]
    [InlineData("BF16", TensorDtype.BFloat16, 2)]
    [InlineData("INT64", TensorDtype.Int64, 8)]
    [InlineData("BYTES", TensorDtype.Bytes, 0)]
    public void TensorDtypes_Name_RoundTrips(string name, TensorDtype dtype, int width)
    {
        Assert.True(TensorDtypes.TryParse(name, out var parsed));
        Assert.Equal((dtype, name, width), (parsed, parsed.ToName(), parsed.Width()));
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("FLOAT")]
    public void TensorDtypes_UnknownName_IsRefused(string? name) => Assert.False(TensorDtypes.TryParse(name, out _));
}
