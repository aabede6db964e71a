using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The same on a GPU.</summary>
public sealed class OnnxCudaRuntimeTests : OnnxModelRuntimeTests
{
    public OnnxCudaRuntimeTests() => Cuda.SkipUnlessThere(Runtime);

    protected override string Device => Cuda.Device;

    /// <summary>Kernels of a GPU check no index: one that is out of range gives 0, and the run no error.</summary>
    [Fact]
    public override void Run_BadInput_FailsAloneWithASentence()
    {
        using var instance = Open(ContractModel.Gather);
        var values = TensorBuffer.OfFloat32([2], [10, 20]);

        var outOfRange = Assert.Single(instance.Run([values, Int64(9)]));
        var output = Assert.Single(instance.Run([values, Int64(1)]));

        Assert.Equal([0f], outOfRange.AsSpan<float>().ToArray());
        Assert.Equal([20f], output.AsSpan<float>().ToArray());
    }
}
