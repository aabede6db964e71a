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
    public IModelInstance Open(ModelPackage package, string device, long? memoryBytesMax = null)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(device);
        List<InferenceSession> sessions = [];
        try
        {
            using var options = OnnxSessionOptions.Create(package, device, memoryBytesMax, _environment);
            using var model = GuardedModel.Of(package.ModelPath);
            sessions.Add(new InferenceSession(model.Path, options));
            var signature = DeclaredSignature.Apply(package, OnnxSignature.Read(sessions[0], model.File, out var isShared), isShared, out var needsTrial);
            var rows = FindSizes(package, model.File, signature, device);
            while (sessions.Count < rows.Length)
            {
                sessions.Add(new InferenceSession(model.Path, options));
            }

            var instance = new OnnxModelInstance(new SharedSession([.. sessions], rows), signature, device, device == "cpu" ? _environment.CountBeside(package.Settings.Onnx.Threads) : 1);
            sessions.Clear();
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
        catch (OnnxRuntimeException exception) when (OnnxErrors.IsOutOfMemory(exception))
        {
            throw new ServingException(ServingError.Overloaded, $"The model file '{package.Manifest.ModelFile}' cannot be loaded now: {device} has no memory left for it: {OnnxErrors.ToText(exception)}", exception);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Refuse(package, device == "cpu" ? OnnxErrors.ToText(exception) : $"on {device}: {OnnxErrors.ToText(exception)}", exception);
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
            sessions.ForEach(static session => session.Dispose());
        }
    }

    /// <returns>Sizes in rows that have a session each, see <see cref="SharedSession"/>; empty where one session is for all.</returns>
    private static int[] FindSizes(ModelPackage package, OnnxModel file, ModelSignature signature, string device) =>
        device != "cpu" && signature.IsBatchable && (package.Settings.Padding ?? package.Manifest.Padding) is { Rows: { Count: > 1 } rows } && file.Operators.Any(static name => name is "Conv" or "ConvTranspose")
            ? [.. rows]
            : [];

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
