using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation.Tests;

public sealed class TorchAdamTests
{
    [Fact]
    public void Step_SquaredDistance_FindsTheTargetAndLeavesWhatHasNoGradient()
    {
        using var scope = NewDisposeScope();
        var target = tensor((float[])[1, -2, 3, 0.5f, 7], [5]);
        var (weights, idle) = (new Parameter(zeros(5), true), new Parameter(ones(2), true));
        var adam = new TorchAdam([weights, idle], 0.1);

        for (var step = 0; step < 500; step++)
        {
            adam.ZeroGradients();
            (weights - target).square().sum().backward();
            adam.Step();
        }

        Assert.All(target.ToFloats().Zip(weights.ToFloats()), static pair => Assert.Equal(pair.First, pair.Second, 1e-2f));
        Assert.Equal([1, 1], idle.ToFloats());
    }

    [Fact]
    public void Step_GradientOfAnotherLayout_IsReadByItsAxes()
    {
        using var scope = NewDisposeScope();
        var factors = tensor((float[])[1, 10, 100, 1000, 10000, 100000], [3, 2]);
        var (weights, plain) = (new Parameter(zeros(2, 3), true), new float[6]);
        var (torch, adam) = (new TorchAdam([weights], 0.1), new Adam(6));

        (weights.t() * factors).sum().backward();
        torch.Step();
        adam.Step(plain, [1, 100, 10000, 10, 1000, 100000], 0.1);

        Assert.Equal(plain, weights.ToFloats());
    }

    [Fact]
    public void Arithmetic_AnyValues_IsThatOfNumbers()
    {
        using var scope = NewDisposeScope();
        var values = tensor((float[])[1, 2, 3, 4], [2, 2]);
        var mask = tensor((bool[])[true, false, false, true], [2, 2]);
        var sums = zeros(2, 2);

        sums.AddRows(tensor((long[])[1, 1]), values, -0.5);
        var all = values.Times(1);
        all.SetAll(-3);

        Assert.Equal([2, 4, 6, 8], values.Plus(values).ToFloats());
        Assert.Equal([1.5f, 2.5f, 3.5f, 4.5f], values.Plus(0.5).ToFloats());
        Assert.Equal([0.5f, 1, 1.5f, 2], values.Times(0.5).ToFloats());
        Assert.Equal([float.NegativeInfinity, 2, 3, float.NegativeInfinity], values.MaskedBy(mask, double.NegativeInfinity).ToFloats());
        Assert.Equal([0, 0, -2, -3], sums.ToFloats());
        Assert.Equal([-3, -3, -3, -3], all.ToFloats());
        Assert.Equal([1, 3, 2, 4], values.t().ToFloats());
    }
}
