using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp.Tests;

public sealed class TorchRuntimeReportTests
{
    [Fact]
    public void Create_OnThisMachine_LoadsLibtorch()
    {
        var report = TorchRuntimeReport.Create();

        Assert.Null(report.Failure);
        Assert.Equal("cpu", report.Devices[0]);
        Assert.True(report.ThreadCount > 0);
        Assert.StartsWith("0.107.", report.TorchSharpVersion, StringComparison.Ordinal);
        Assert.StartsWith("2.", report.LibtorchVersion, StringComparison.Ordinal);
    }

    [Fact]
    public void MatMul_TwoMatrices_EqualsTheResultByHand()
    {
        using var left = tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]);
        using var right = tensor(new float[] { 7, 8, 9, 10, 11, 12 }, [3, 2]);

        using var product = matmul(left, right);

        // 1*7 + 2*9 + 3*11 = 58, 1*8 + 2*10 + 3*12 = 64, 4*7 + 5*9 + 6*11 = 139, 4*8 + 5*10 + 6*12 = 154.
        Assert.Equal([2, 2], product.shape);
        Assert.Equal([58f, 64f, 139f, 154f], product.data<float>().ToArray());
    }
}
