namespace ZeroWorld.ML.GpuNodes.Tests;

public sealed class DeviceIdTests
{
    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData("cuda", "cuda:0")]
    [InlineData("cuda:0", "cuda:0")]
    [InlineData("cuda:12", "cuda:12")]
    [InlineData("cuda:1023", "cuda:1023")]
    public void TryParse_ADevice_RoundTrips(string text, string expected)
    {
        Assert.True(DeviceId.TryParse(text, out var device));
        Assert.Equal(expected, device.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("CPU")]
    [InlineData("cpu:0")]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:+1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1024")]
    [InlineData("cuda:99999999999")]
    public void TryParse_AnythingElse_IsFalse(string? text) => Assert.False(DeviceId.TryParse(text, out _));

    [Fact]
    public void CompareTo_PutsTheCpuFirstAndGpusByIndex()
    {
        DeviceId[] devices = [DeviceId.Cuda(10), DeviceId.Cuda(2), DeviceId.Cpu];

        Assert.Equal([DeviceId.Cpu, DeviceId.Cuda(2), DeviceId.Cuda(10)], devices.Order());
    }
}
