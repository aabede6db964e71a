using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>One execution context of a loaded model. Inputs are read in place; outputs are copied into memory of their own.</summary>
/// <remarks>Not thread safe: one call at a time.</remarks>
internal sealed class OnnxModelInstance : IModelInstance
{
    // The engine reads elements with aligned instructions in places.
    private const int AlignmentBytes = 8;
    private readonly SharedSession _shared;
    private readonly RunOptions _runOptions = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly bool _hasOptionalInputs;
    private readonly KeptStrings _keptStrings = new();
    private readonly StringOutputs? _stringOutputs;

    // Of each input of a run: its longest string.
    private readonly int[] _longest;
    private readonly DeviceArena[] _arenas;
    private readonly bool _isShared;
    private BoundOutputs? _boundOutputs;
    private bool _isDisposed;

    public OnnxModelInstance(SharedSession shared, ModelSignature signature, string device, int besideMax, bool isShared = false)
    {
        BesideMax = besideMax;
        _shared = shared.Hold();
        Signature = signature;
        Device = device;
        _inputNames = [.. signature.Inputs.Select(static spec => spec.Name)];
        _hasOptionalInputs = signature.Inputs.Any(static spec => spec.IsOptional);
        _outputNames = [.. signature.Outputs.Select(static spec => spec.Name)];
        _boundOutputs = BoundOutputs.TryCreate(signature);
        _stringOutputs = _hasOptionalInputs ? null : StringOutputs.TryCreate(signature, _keptStrings);
        _longest = new int[signature.Inputs.Count];
        _isShared = isShared;
        _arenas = OnnxSessionOptions.TryGetCudaIndex(device, out var index) ? [.. shared.Sessions.Select(session => new DeviceArena(session, index))] : [];
    }

    public ModelSignature Signature { get; internal set; }

    public string Device { get; }

    public int BesideMax { get; }

    /// <inheritdoc/>
    /// <remarks>Weights and arena on a GPU. The memory of the CPU is counted for the whole process.</remarks>
    public long? DeviceMemoryBytes => _arenas.Length == 0 ? null : _isShared ? 0 : _arenas.Sum(static arena => arena.ReadBytes());

    /// <inheritdoc/>
    /// <remarks>On a GPU every run that overlaps another has a stream of its own, over the same weights.</remarks>
    public IModelInstance? TryShare() => new OnnxModelInstance(_shared, Signature, Device, BesideMax, isShared: true);

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs) => Run(inputs, HeapMemory.Instance);

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory) => _hasOptionalInputs ? RunNamed(inputs, memory) : Run(_inputNames, inputs, memory);

    /// <summary>Inputs that may be left out are <see langword="null"/> where they are: the engine then takes the model's own value.</summary>
    private TensorBuffer[] RunNamed(ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory)
    {
        var names = new List<string>(inputs.Length);
        var given = new List<TensorBuffer>(inputs.Length);
        for (var index = 0; index < inputs.Length; index++)
        {
            if (inputs[index] is { } input)
            {
                names.Add(_inputNames[index]);
                given.Add(input);
            }
        }

        return Run(names, CollectionsMarshal.AsSpan(given), memory);
    }

    private TensorBuffer[] Run(IReadOnlyCollection<string> names, ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory)
    {
        var values = new OrtValue[inputs.Length];
        var pins = new MemoryHandle[inputs.Length];
        try
        {
            for (var index = 0; index < inputs.Length; index++)
            {
                if (inputs[index].Dtype != TensorDtype.Bytes)
                {
                    values[index] = ToValue(inputs[index], out pins[index]);
                    continue;
                }

                _longest[index] = int.MaxValue;
                values[index] = _keptStrings.Take(index, inputs[index].Shape);
                _longest[index] = OnnxStrings.Write(inputs[index], values[index]);
            }

            return Run(names, values, inputs, memory);
        }
        catch (OnnxRuntimeException exception) when (OnnxErrors.IsOutOfMemory(exception))
        {
            _stringOutputs?.Forgive();
            throw new ServingException(ServingError.Overloaded, $"{Device} has no memory left for a run of this size: {OnnxErrors.ToText(exception)}", exception);
        }
        catch (OnnxRuntimeException exception)
        {
            _stringOutputs?.Forgive();
            throw new ServingException(ServingError.BackendFailed, $"The model failed on this request: {OnnxErrors.ToText(exception)}", exception);
        }
        finally
        {
            for (var index = 0; index < values.Length && values[index] is { } value; index++)
            {
                if (inputs[index].Dtype == TensorDtype.Bytes)
                {
                    _keptStrings.Return(index, inputs[index].Shape, value, _longest[index]);
                }
                else
                {
                    value.Dispose();
                }
            }

            foreach (var pin in pins)
            {
                pin.Dispose();
            }
        }
    }

    private TensorBuffer[] Run(IReadOnlyCollection<string> names, OrtValue[] values, ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory)
    {
        var session = _shared.Find(inputs);

        // Where all inputs may be left out there may be none.
        var rows = inputs.Length > 0 ? inputs[0].Rows : 0;
        if (_boundOutputs is { } outputs && outputs.TryRun(session, _runOptions, names, values, rows, memory, out var tensors))
        {
            return tensors;
        }

        if (_stringOutputs is null || !_stringOutputs.TryRun(session, _runOptions, names, values, inputs, memory, out tensors))
        {
            tensors = RunUnbound(session, names, values, memory);
            _stringOutputs?.Learn(inputs, tensors);
        }

        return tensors;
    }

    private TensorBuffer[] RunUnbound(InferenceSession session, IReadOnlyCollection<string> names, OrtValue[] values, IOutputMemory memory)
    {
        using var outputs = session.Run(_runOptions, names, values, _outputNames);
        var tensors = new TensorBuffer[outputs.Count];
        for (var index = 0; index < tensors.Length; index++)
        {
            tensors[index] = ToTensor(_outputNames[index], outputs[index], memory);
        }

        // It ran, and not with outputs of the sizes that the file declares: they are not what it gives.
        if (_boundOutputs is { HasFailed: true })
        {
            _boundOutputs = null;
        }

        return tensors;
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _keptStrings.Dispose();
            _runOptions.Dispose();
            Array.ForEach(_arenas, static arena => arena.Dispose());
            _shared.Release();
        }
    }

    private static unsafe OrtValue ToValue(TensorBuffer tensor, out MemoryHandle pin)
    {
        pin = tensor.Data.Pin();
        if (tensor.Data.IsEmpty || (nuint)pin.Pointer % AlignmentBytes != 0)
        {
            // An empty buffer has no address, and a slice of a message may lie anywhere.
            pin.Dispose();
            var copy = GC.AllocateUninitializedArray<byte>(Math.Max(tensor.Data.Length, AlignmentBytes), pinned: true);
            tensor.Data.CopyTo(copy);
            pin = copy.AsMemory().Pin();
        }

        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, OnnxSignature.ToElementType(tensor.Dtype), tensor.Shape.ToArray(), (nint)pin.Pointer, tensor.Data.Length);
    }

    private static TensorBuffer ToTensor(string name, OrtValue value, IOutputMemory memory)
    {
        if (!value.IsTensor)
        {
            throw new ServingException(ServingError.BackendFailed, $"The output '{name}' is no tensor.");
        }

        var info = value.GetTensorTypeAndShape();
        if (!OnnxSignature.TryToDtype(info.ElementDataType, out var dtype))
        {
            throw new ServingException(ServingError.BackendFailed, $"The output '{name}' has elements of type {info.ElementDataType}, which the Open Inference Protocol cannot carry.");
        }

        if (dtype == TensorDtype.Bytes)
        {
            return OnnxStrings.Read(name, value, info.Shape, info.ElementCount, memory, out _);
        }

        // The engine wraps the length of outputs of 4 GiB and more to a small number without an error.
        var bytes = info.ElementCount * dtype.Width();
        if (bytes > Array.MaxLength)
        {
            throw new ServingException(ServingError.BackendFailed, $"The output '{name}' takes {bytes} bytes; expected at most {Array.MaxLength}.");
        }

        if (bytes == 0)
        {
            return TensorBuffer.Of(dtype, info.Shape, ReadOnlyMemory<byte>.Empty);
        }

        var data = memory.Allocate((int)bytes);
        value.GetTensorMutableRawData().CopyTo(data.Span);
        return TensorBuffer.Of(dtype, info.Shape, data);
    }
}
