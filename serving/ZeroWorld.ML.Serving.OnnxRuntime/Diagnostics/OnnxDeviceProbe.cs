using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Starts a session on one device and runs it once, to see whether it really works. Not for serving.</summary>
public static class OnnxDeviceProbe
{
    /// <param name="model">An ONNX file with one FP32 input and one FP32 output.</param>
    /// <param name="provider">Where to run it: every node, without falling back to the CPU.</param>
    /// <param name="deviceIndex">CUDA ordinal; ignored for the CPU.</param>
    /// <param name="input">Row-major elements.</param>
    /// <param name="shape">Dimensions of the input.</param>
    /// <param name="cudaOptions">Options of the CUDA provider by name; <see langword="null"/>: its defaults.</param>
    /// <returns>The output's elements, row-major.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: the session does not start or run there, with the runtime's reason.</exception>
    public static float[] Run(byte[] model, OnnxProvider provider, int deviceIndex, float[] input, long[] shape, IReadOnlyDictionary<string, string>? cudaOptions = null)
    {
        try
        {
            using var options = new SessionOptions();
            switch (provider)
            {
                case OnnxProvider.Cpu:
                    break;
                case OnnxProvider.Cuda:
                    using (var cuda = new OrtCUDAProviderOptions())
                    {
                        cuda.UpdateOptions(new Dictionary<string, string>(cudaOptions ?? new Dictionary<string, string>()) { ["device_id"] = $"{deviceIndex}" });
                        options.AppendExecutionProvider_CUDA(cuda);
                    }

                    break;
                case OnnxProvider.TensorRt:
                    options.AppendExecutionProvider_Tensorrt(deviceIndex);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(provider), provider, null);
            }

            if (provider != OnnxProvider.Cpu)
            {
                // Without it ONNX Runtime would run on the CPU what the GPU cannot, and the probe would pass on a broken GPU.
                options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
            }

            using var session = new InferenceSession(model, options);
            using var value = OrtValue.CreateTensorValueFromMemory(input, shape);
            using var run = new RunOptions();
            using var outputs = session.Run(run, session.InputNames, [value], session.OutputNames);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new ServingException(ServingError.BackendFailed, $"ONNX Runtime does not run on {provider} device {deviceIndex}: {exception.Message}", exception);
        }
    }
}
