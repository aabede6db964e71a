namespace ZeroWorld.ML.GpuNodes.Tests;

public sealed class PlacementPolicyTests
{
    private static readonly DeviceMemory[] Node =
    [
        new(DeviceId.Cpu, 1000, 0),
        new(DeviceId.Cuda(0), 800, 300),
        new(DeviceId.Cuda(1), 800, 600),
        new(DeviceId.Cuda(2), 800, 600),
    ];

    [Theory]
    [InlineData(100, "cuda:1")] // 200 free in 1 and 2, 500 in 0: the tightest, and of equals the first.
    [InlineData(200, "cuda:1")]
    [InlineData(201, "cuda:0")]
    [InlineData(500, "cuda:0")]
    public void Decide_Gpus_TakesTheBestFit(long bytes, string expected)
    {
        var decision = PlacementPolicy.Decide(Node, new PlacementRequest(bytes) { Kinds = [DeviceKind.Cuda] });

        Assert.Equal(expected, decision.Device?.ToString());
        Assert.Null(decision.Refusal);
    }

    [Fact]
    public void Decide_NothingFits_NamesEveryDeviceInQuestion()
    {
        var decision = PlacementPolicy.Decide(Node, new PlacementRequest(501) { Kinds = [DeviceKind.Cuda] });

        Assert.Null(decision.Device);
        Assert.Equal(
            "The model needs 501 B; cuda:0 has 500 B free of 800 B for models, cuda:1 has 200 B free of 800 B for models, "
                + "cuda:2 has 200 B free of 800 B for models.",
            decision.Refusal);
    }

    [Fact]
    public void Decide_PreferredKindFull_TakesTheNextKind()
    {
        var decision = PlacementPolicy.Decide(Node, new PlacementRequest(900) { Kinds = [DeviceKind.Cuda, DeviceKind.Cpu] });

        Assert.Equal(DeviceId.Cpu, decision.Device);
    }

    [Fact]
    public void Decide_PreferredKindAbsent_SaysSo()
    {
        var decision = PlacementPolicy.Decide([new(DeviceId.Cpu, 1000, 0)], new PlacementRequest(2 << 20) { Kinds = [DeviceKind.Cuda] });

        Assert.Equal("The model needs 2.0 MiB on cuda, and this node has no such device.", decision.Refusal);
    }

    [Fact]
    public void Decide_FixedDevice_IsTheOnlyCandidate()
    {
        var fits = PlacementPolicy.Decide(Node, new PlacementRequest(200) { Device = DeviceId.Cuda(2) });
        var full = PlacementPolicy.Decide(Node, new PlacementRequest(300) { Device = DeviceId.Cuda(2) });

        Assert.Equal(DeviceId.Cuda(2), fits.Device);
        Assert.Equal("The model needs 300 B; cuda:2 has 200 B free of 800 B for models.", full.Refusal);
    }

    [Fact]
    public void PlacementRequest_NegativeBytes_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PlacementRequest(-1));
}
