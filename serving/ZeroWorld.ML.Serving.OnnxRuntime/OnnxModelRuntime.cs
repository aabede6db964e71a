using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Runs ONNX models with ONNX Runtime: one session per instance, one pool of threads for all sessions of the process.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class OnnxModelRuntime : IModelRuntime
{
    private const string CudaProvider = "CUDAExecutionProvider";
    private readonly OnnxEnvironment _environment;

    public OnnxModelRuntime(OnnxRuntimeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _environment = OnnxEnvironment.Get(options);
        Build = $"onnxruntime {_environment.Version}, {_environment.Threads} threads";
        DeviceKinds = _environment.Providers.Contains(CudaProvider) ? ["cuda", "cpu"] : ["cpu"];
    }

    public string Name => "onnx";

    public string Platform => "onnxruntime_onnx";

    public string Build { get; }

    public IReadOnlyList<string> DeviceKinds { get; }

    /// <inheritdoc/>
    /// <remarks>
    /// An integer division of the smallest value by -1 ends the process, so no input may get there: where a file divides integers by something that is not a harmless
    /// constant, the graph is loaded with a guard before the division (<see cref="Models.Onnx.IntegerDivisionGuard"/>).
    /// </remarks>
    public IModelInstance Open(ModelPackage package, string device)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(device);
        InferenceSession? session = null;
        try
        {
            using var options = OnnxSessionOptions.Create(package, device, _environment);
            using var model = GuardedModel.Of(package.ModelPath);
            session = new InferenceSession(model.Path, options);
            var signature = DeclaredSignature.Apply(package, OnnxSignature.Read(session, model.File, out var isShared), isShared, out var needsTrial);
            var instance = new OnnxModelInstance(new SharedSession(session), signature, device, device == "cpu" ? _environment.CountBeside(package.Settings.Onnx.Threads) : 1);
            session = null;
            if (needsTrial && !RowTrial.Passes(instance))
            {
                instance.Signature = signature with { IsBatchable = false };
            }

            return instance;
        }
        catch (OnnxRuntimeException exception) when (exception.Message.Contains("TensorElementType", StringComparison.Ordinal))
        {
            // The binding fails so, without a name, on element types that it does not know: float8 and smaller.
            throw Refuse(package, DescribeTypes(package.ModelPath), exception);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Refuse(package, OnnxErrors.ToText(exception), exception);
        }
        catch (RegistryException exception)
        {
            throw Refuse(package, exception.Message, exception);
        }
        catch (NotSupportedException exception)
        {
            throw Refuse(package, exception.Message, exception);
        }
        finally
        {
            session?.Dispose();
        }
    }

    private static string DescribeTypes(string path)
    {
        try
        {
            OnnxModelReader.Read(path).GetSignature();
            return "an input or output has elements of a type that the Open Inference Protocol cannot carry.";
        }
        catch (RegistryException exception)
        {
            return exception.Message;
        }
    }

    private static ServingException Refuse(ModelPackage package, string reason, Exception exception) =>
        new(ServingError.ModelRefused, $"The model file '{package.Manifest.ModelFile}' cannot be loaded: {reason}", exception);
}
