using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Runs TorchScript models with libtorch: one module and one thread per instance.</summary>
/// <remarks>
/// A TorchScript file does not say what its tensors are: the manifest of the package or the settings beside the model do. Libtorch is loaded when the first such model is.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class TorchModelRuntime : IModelRuntime
{
    public string Name => "torchscript";

    public string Platform => "pytorch_libtorch";

    /// <inheritdoc/>
    public string Build => $"libtorch {TorchNativeLibrary.LibtorchVersion}, {(TorchNativeLibrary.Load() is null ? TorchNativeLibrary.ThreadCount : 0)} threads";

    /// <inheritdoc/>
    public IReadOnlyList<string> DeviceKinds => TorchNativeLibrary.Load() is null && TorchNativeLibrary.ListDevices().Count > 1 ? ["cuda", "cpu"] : ["cpu"];

    /// <inheritdoc/>
    public IModelInstance Open(ModelPackage package, string device, long? memoryBytesMax = null)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(device);
        if (TorchNativeLibrary.Load() is { } failure)
        {
            throw Refuse(package, failure);
        }

        if (!TorchNativeLibrary.ListDevices().Contains(device))
        {
            throw Refuse(package, $"it was placed on '{device}', and this build of libtorch runs on {string.Join(" and ", DeviceKinds)}. A CUDA build is made with -p:Accelerator=cuda.");
        }

        var signature = GetSignature(package);
        TorchArchive.Check(package);
        jit.ScriptModule? module = null;
        try
        {
            // A file without forward is whole, and asking for its inputs is what native code gives up on.
            var inputs = 0L;
            module = TorchLoadThread.Run(() =>
            {
                var loaded = jit.load(package.ModelPath, new Device(device));
                loaded.eval();
                inputs = loaded.GetNumberOfInputs();
                return loaded;
            });
            if (inputs != signature.Inputs.Count)
            {
                throw Refuse(package, $"its forward takes {inputs} tensors, and {signature.Inputs.Count} inputs are declared.");
            }

            var instance = new TorchModelInstance(module, signature, device);
            module = null;
            return instance;
        }
        catch (Exception exception) when (exception is ExternalException or InvalidOperationException or ArgumentException or IOException or NotSupportedException)
        {
            throw Refuse(package, TorchErrors.ToText(exception), exception);
        }
        finally
        {
            module?.Dispose();
        }
    }

    private static ModelSignature GetSignature(ModelPackage package)
    {
        var isRegistered = package.Manifest.Inputs.Count > 0;
        var declared = isRegistered ? package.Manifest.GetSignature() : Declare(package);
        if (declared.Inputs.Count == 0 || declared.Outputs.Count == 0)
        {
            throw Refuse(package, "a TorchScript file does not say what its tensors are: declare inputs and outputs, in the order of forward, in model.yaml or config.pbtxt beside the versions.");
        }

        var unsupported = declared.Inputs.Concat(declared.Outputs).FirstOrDefault(static spec => !TorchDtypes.TryToScalar(spec.Dtype, out _));
        if (unsupported is not null)
        {
            throw Refuse(package, $"'{unsupported.Name}' is declared as {unsupported.Dtype.ToName()}, which libtorch does not have here; expected one of {TorchDtypes.Expected}.");
        }

        if (declared.Inputs.FirstOrDefault(static spec => spec.IsOptional) is { } optional)
        {
            throw Refuse(package, $"the input '{optional.Name}' is declared as optional; forward takes all of them.");
        }

        // Without a word from the file itself, rows are shared only where somebody said that they are rows.
        return DeclaredSignature.Apply(package, declared, isSharedByFile: false, out _);
    }

    /// <summary>What lies beside the model says: the tensors of requests, and those that the server makes and keeps of sequences.</summary>
    private static ModelSignature Declare(ModelPackage package)
    {
        var settings = package.Settings;
        var sequences = settings.Sequences ?? new SequenceSettings();
        long[] element = settings.RowAxis == RowAxis.Declared ? [-1, 1] : [1];
        var inputs = TorchOrder.Order(
            [
                .. settings.Inputs,
                .. sequences.Controls.Select(control => new TensorSpec(control.Input, control.Dtype, element)),
                .. sequences.States.Select(static state => new TensorSpec(state.Input, state.Dtype, state.Shape)),
            ],
            TorchForward.FindArguments(package),
            out var problem);
        var outputs = TorchOrder.Order(
            [.. settings.Outputs, .. sequences.States.Where(static state => !state.IsAnswered).Select(static state => new TensorSpec(state.Output, state.Dtype, state.Shape))], null, out var outputProblem);
        return (problem ?? outputProblem) is { } wrong ? throw Refuse(package, $"{wrong}.") : new ModelSignature(inputs, outputs);
    }

    private static ServingException Refuse(ModelPackage package, string reason, Exception? exception = null) =>
        new(ServingError.ModelRefused, $"The model file '{package.Manifest.ModelFile}' cannot be loaded: {reason}", exception);
}
