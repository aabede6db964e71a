namespace ZeroWorld.ML.Models.Tests;

public sealed class GoldenSamplesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, GoldenSample[]> BrokenSamples => new()
    {
        { "holds 0 golden samples", [] },
        { "sample 0 lacks the input 'features'", [new GoldenSample(new Dictionary<string, GoldenTensor>(), Output(new([1, 1], [0])))] },
        { "sample 0 has no output", [new GoldenSample(Input(new([1, 2], [0, 0])), new Dictionary<string, GoldenTensor>())] },
        { "the input 'other', which the manifest does not declare", [Sample(new([1, 2], [0, 0]), new([1, 1], [0]), otherInput: true)] },
        { "has the shape [1, 3]; expected features FP32 [-1, 2]", [Sample(new([1, 3], [0, 0, 0]), new([1, 1], [0]))] },
        { "has the shape [2]; expected features FP32 [-1, 2]", [Sample(new([2], [0, 0]), new([1, 1], [0]))] },
        { "has the shape [-1, 2]", [Sample(new([-1, 2], [0, 0]), new([1, 1], [0]))] },
        { "sample 1 has the tensor 'features', which has 3 elements; its shape [1, 2] holds 2", [Sample(new([1, 2], [0, 0]), new([1, 1], [0])), Sample(new([1, 2], [0, 0, 0]), new([1, 1], [0]))] },
        { "holds 1.844", [Sample(new([long.MaxValue, 2], [0, 0]), new([1, 1], [0]))] },
        { "has 2 rows in 'probability' and 1 in another tensor", [Sample(new([1, 2], [0, 0]), new([2, 1], [0, 0]))] },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(BrokenSamples))]
    public async Task WriteAsync_BrokenSample_IsRefusedByName(string reason, GoldenSample[] samples)
    {
        var exception = await Assert.ThrowsAsync<RegistryException>(
            () => SamplePackage.WriteAsync(_folder.Path, SamplePackage.Content with { GoldenSamples = samples }));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("manifest.json")));
    }

    [Theory]
    [InlineData(0.5, 0.5, true)]
    [InlineData(0.5, 0.6, true)]
    [InlineData(0.5, 0.601, false)]
    [InlineData(100, 110.05, true)]
    [InlineData(100, 110.2, false)]
    [InlineData(double.NaN, double.NaN, true)]
    [InlineData(double.NaN, 0.0, false)]
    [InlineData(0.0, double.NaN, false)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, true)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, false)]
    [InlineData(double.PositiveInfinity, 1.0, false)]
    [InlineData(1.0, double.PositiveInfinity, false)]
    public void IsWithin_Element_FollowsTheTolerances(double expected, double got, bool isWithin) =>
        Assert.Equal(isWithin, new GoldenReference("golden.json", 0.05, 0.1).IsWithin(expected, got));

    private static GoldenSample Sample(GoldenTensor features, GoldenTensor probability, bool otherInput = false)
    {
        var inputs = Input(features);
        if (otherInput)
        {
            inputs["other"] = features;
        }

        return new GoldenSample(inputs, Output(probability));
    }

    private static Dictionary<string, GoldenTensor> Input(GoldenTensor tensor) => new() { ["features"] = tensor };

    private static Dictionary<string, GoldenTensor> Output(GoldenTensor tensor) => new() { ["probability"] = tensor };
}
