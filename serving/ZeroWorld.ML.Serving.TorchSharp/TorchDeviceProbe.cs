using System.Runtime.InteropServices;
using ZeroWorld.ML.Serving;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Multiplies two matrices on one device, to see whether it really works. Not for serving.</summary>
public static class TorchDeviceProbe
{
    /// <param name="device"><c>cpu</c> or <c>cuda:N</c>.</param>
    /// <param name="left">[rows, inner], row-major.</param>
    /// <param name="right">[inner, columns], row-major.</param>
    /// <param name="inner">The dimension that both share, 1 or more.</param>
    /// <returns>[rows, columns], row-major.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: libtorch does not load or does not run there, with its reason.</exception>
    public static float[] Multiply(string device, float[] left, float[] right, int inner)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inner);
        if (TorchNativeLibrary.Load() is { } failure)
        {
            throw new ServingException(ServingError.BackendFailed, failure);
        }

        try
        {
            using var scope = NewDisposeScope();
            var a = tensor(left, [left.Length / inner, inner]).to(new Device(device));
            var b = tensor(right, [inner, right.Length / inner]).to(new Device(device));
            return matmul(a, b).cpu().data<float>().ToArray();
        }
        // Errors of libtorch itself arrive as ExternalException; a device that TorchSharp does not know, as the others.
        catch (Exception exception) when (exception is ExternalException or InvalidOperationException or ArgumentException)
        {
            throw new ServingException(ServingError.BackendFailed, $"libtorch does not run on {device}: {exception.Message}", exception);
        }
    }
}
