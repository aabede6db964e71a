using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>One TorchScript module with a thread of its own: every run is one dispose scope in inference mode on that thread.</summary>
/// <remarks>
/// Dispose scopes and inference mode belong to a thread, so that a run must not move between threads; and libtorch keeps caches per thread, so that few threads should run models.
/// <para>Not thread safe: one call at a time.</para>
/// </remarks>
internal sealed class TorchModelInstance : IModelInstance
{
    private readonly jit.ScriptModule _module;
    private readonly Device _device;
    private readonly ScalarType[] _inputTypes;
    private readonly Thread _thread;
    private readonly SemaphoreSlim _start = new(0, 1);
    private readonly SemaphoreSlim _done = new(0, 1);
    private TensorBuffer[]? _inputs;
    private TensorBuffer[]? _outputs;
    private ServingException? _failure;
    private bool _isDisposed;

    public TorchModelInstance(jit.ScriptModule module, ModelSignature signature, string device)
    {
        _module = module;
        _device = new Device(device);
        Signature = signature;
        Device = device;
        _inputTypes = [.. signature.Inputs.Select(static spec => TorchDtypes.TryToScalar(spec.Dtype, out var type) ? type : throw new ArgumentException(spec.ToString()))];
        _thread = new Thread(RunLoop) { IsBackground = true, Name = "torch" };
        _thread.Start();
    }

    public ModelSignature Signature { get; }

    public string Device { get; }

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _inputs = inputs.ToArray();
        _start.Release();
        _done.Wait();
        var (outputs, failure) = (_outputs, _failure);
        (_inputs, _outputs, _failure) = (null, null, null);
        return outputs ?? throw failure!;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _start.Release();
        _thread.Join();
        _module.Dispose();
        _start.Dispose();
        _done.Dispose();
    }

    private void RunLoop()
    {
        while (true)
        {
            _start.Wait();
            if (_inputs is not { } inputs)
            {
                return;
            }

            try
            {
                _outputs = RunInScope(inputs);
            }
            catch (ServingException exception)
            {
                _failure = exception;
            }
#pragma warning disable CA1031 // The edge of the thread that owns the module: what libtorch throws goes to the caller of this run.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failure = new ServingException(ServingError.BackendFailed, $"The model failed on this request: {TorchErrors.ToText(exception)}", exception);
            }
            finally
            {
                _done.Release();
            }
        }
    }

    private TensorBuffer[] RunInScope(TensorBuffer[] inputs)
    {
        using var inference = inference_mode(true);
        using var scope = NewDisposeScope();
        var arguments = new object[inputs.Length];
        for (var index = 0; index < inputs.Length; index++)
        {
            arguments[index] = ToTensor(inputs[index], _inputTypes[index]);
        }

        var results = Flatten(_module.forward(arguments));
        if (results.Count != Signature.Outputs.Count)
        {
            throw new ServingException(ServingError.BackendFailed, $"The model gave {results.Count} tensors; {Signature.Outputs.Count} outputs are declared.");
        }

        var outputs = new TensorBuffer[results.Count];
        for (var index = 0; index < outputs.Length; index++)
        {
            outputs[index] = ToBuffer(Signature.Outputs[index], results[index]);
        }

        return outputs;
    }

    private Tensor ToTensor(TensorBuffer input, ScalarType type)
    {
        var tensor = empty(input.Shape, type);
        if (!input.Data.IsEmpty)
        {
            input.Data.Span.CopyTo(tensor.bytes);
        }

        return Device == "cpu" ? tensor : tensor.to(_device);
    }

    /// <summary>A tensor, or a tuple or list of them; a dictionary by the names of the declared outputs.</summary>
    private List<Tensor> Flatten(object result) => result switch
    {
        Tensor tensor => [tensor],
        IReadOnlyDictionary<string, Tensor> named => [.. Signature.Outputs.Select(spec => Find(spec.Name, named))],
        IDictionary<string, Tensor> named => [.. Signature.Outputs.Select(spec => Find(spec.Name, new Dictionary<string, Tensor>(named)))],
        System.Runtime.CompilerServices.ITuple tuple => [.. Enumerable.Range(0, tuple.Length).SelectMany(index => Flatten(tuple[index]!))],
        IEnumerable<Tensor> tensors => [.. tensors],
        IEnumerable<object> items => [.. items.SelectMany(Flatten)],
        _ => throw new ServingException(ServingError.BackendFailed, $"The model gave a {result.GetType().Name}; expected tensors."),
    };

    private static Tensor Find(string name, IReadOnlyDictionary<string, Tensor> named) => named.TryGetValue(name, out var tensor)
        ? tensor
        : throw new ServingException(ServingError.BackendFailed, $"The model gave no tensor '{name}'; it gave {string.Join(", ", named.Keys.Select(static key => $"'{key}'"))}.");

    private static TensorBuffer ToBuffer(TensorSpec spec, Tensor tensor)
    {
        if (!TorchDtypes.TryToScalar(spec.Dtype, out var type) || tensor.dtype != type || tensor.shape.Length != spec.Shape.Count
            || !tensor.shape.Zip(spec.Shape).All(static pair => pair.Second == -1 || pair.First == pair.Second))
        {
            throw new ServingException(
                ServingError.BackendFailed, $"The output '{spec.Name}' is {tensor.dtype} [{string.Join(", ", tensor.shape)}]; it is declared as {spec.Dtype.ToName()} [{string.Join(", ", spec.Shape)}].");
        }

        var bytes = tensor.numel() * spec.Dtype.Width();
        if (bytes > Array.MaxLength)
        {
            throw new ServingException(ServingError.BackendFailed, $"The output '{spec.Name}' takes {bytes} bytes; expected at most {Array.MaxLength}.");
        }

        return TensorBuffer.Of(spec.Dtype, tensor.shape, bytes == 0 ? ReadOnlyMemory<byte>.Empty : tensor.cpu().contiguous().bytes.ToArray());
    }
}
