using System.Diagnostics;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>The checker of the ONNX standard, from Debian's python3-onnx.</summary>
internal static class PythonOnnx
{
    private const string Python = "/usr/bin/python3";

    /// <returns>What the checker says of a file; <c>valid</c> for a good one. Skips the test where the checker is not installed.</returns>
    internal static async Task<string> CheckAsync(string path, CancellationToken cancellationToken)
    {
        Assert.SkipUnless(File.Exists(Python), "No python3 with the package onnx (Debian: python3-onnx).");
        var (code, output) = await RunAsync(
            $"import onnx; m = onnx.load('{path}'); onnx.checker.check_model(m, full_check=True); assert m.graph.input[0].type.tensor_type.shape.dim[0].dim_param == 'rows'; print('valid')", cancellationToken);
        Assert.SkipWhen(code != 0 && output.Contains("No module named 'onnx'", StringComparison.Ordinal), "No python3 with the package onnx (Debian: python3-onnx).");
        return output.Trim();
    }

    private static async Task<(int Code, string Output)> RunAsync(string code, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", code]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
