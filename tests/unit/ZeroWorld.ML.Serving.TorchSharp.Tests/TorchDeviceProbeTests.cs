using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp.Tests;

public sealed class TorchDeviceProbeTests
{
    [Fact]
    public void Multiply_OnTheCpu_EqualsTheResultByHand()
    {
        var product = TorchDeviceProbe.Multiply("cpu", left: [1, 2, 3, 4, 5, 6], right: [7, 8, 9, 10, 11, 12], inner: 3);

        Assert.Equal([58f, 64f, 139f, 154f], product);
    }

    [Theory]
    [InlineData("cuda:1023")]
    [InlineData("tpu")]
    public void Multiply_OnADeviceThatIsNotThere_SaysWhich(string device)
    {
        var error = Assert.Throws<ServingException>(() => TorchDeviceProbe.Multiply(device, [1], [1], 1));

        Assert.Equal(ServingError.BackendFailed, error.Error);
        Assert.Contains(device, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_Devices_AreThoseThatLibtorchSees() =>
        Assert.Equal(cuda.is_available(), TorchRuntimeReport.Create().HasCuda);
}
