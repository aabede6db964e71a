using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Runs a model into memory that is made before, where the sizes of its outputs follow from the rows of its inputs: the engine then writes each output once, where it stays.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class BoundOutputs
{
    private readonly ModelSignature _signature;
    private readonly string[] _names;
    private readonly bool _isBatchable;

    // Elements of one row, or of the whole output where it has no rows.
    private readonly long[] _elements;

    private BoundOutputs(ModelSignature signature, long[] elements)
    {
        _signature = signature;
        _isBatchable = signature.IsBatchable;
        _elements = elements;
        _names = [.. signature.Outputs.Select(static spec => spec.Name)];
    }

    /// <summary>Whether a run into such memory has failed: either the request or the sizes were wrong.</summary>
    public bool HasFailed { get; private set; }

    /// <returns><see langword="null"/> where the size of an output is known only after the run.</returns>
    public static BoundOutputs? TryCreate(ModelSignature signature)
    {
        if (signature.Inputs.Count == 0 || signature.Outputs.Count == 0 || signature.Outputs.Any(static spec => spec.Dtype == TensorDtype.Bytes || spec.IsAnyRank))
        {
            return null;
        }

        var elements = new long[signature.Outputs.Count];
        for (var index = 0; index < elements.Length; index++)
        {
            var spec = signature.Outputs[index];
            var hasRows = signature.IsBatchable && spec.HasRowAxis;
            long[] sizes = [.. hasRows ? spec.Shape.Skip(1) : spec.Shape];
            if (Array.Exists(sizes, static size => size < 0) || !TensorShape.TryCountElements(sizes, out var count))
            {
                return null;
            }

            elements[index] = count;
        }

        return new BoundOutputs(signature, elements);
    }

    /// <returns><see langword="false"/> when the run failed, or the outputs would be too large; nothing is given then.</returns>
    public bool TryRun(
        InferenceSession session, RunOptions runOptions, IReadOnlyCollection<string> names, OrtValue[] inputs, int rows, IOutputMemory memory, [NotNullWhen(true)] out TensorBuffer[]? tensors)
    {
        tensors = null;
        var outputs = new OrtValue[_names.Length];
        var pins = new MemoryHandle[_names.Length];
        var made = new TensorBuffer[_names.Length];
        try
        {
            for (var index = 0; index < outputs.Length; index++)
            {
                var spec = _signature.Outputs[index];
                long[] shape = [.. spec.Shape];
                var elements = _elements[index];
                if (_isBatchable && spec.HasRowAxis)
                {
                    shape[0] = rows;
                    elements *= rows;
                }

                var bytes = elements * spec.Dtype.Width();

                // An empty buffer has no address, and one beyond the largest array is an error that the other way describes.
                if (bytes == 0 || bytes > Array.MaxLength)
                {
                    return false;
                }

                made[index] = TensorBuffer.Of(spec.Dtype, shape, memory.Allocate((int)bytes));
                outputs[index] = Bind(made[index], out pins[index]);
            }

            session.Run(runOptions, names, inputs, _names, outputs);
            tensors = made;
            HasFailed = false;
            return true;
        }
        catch (OnnxRuntimeException)
        {
            HasFailed = true;
            return false;
        }
        finally
        {
            foreach (var output in outputs)
            {
                output?.Dispose();
            }

            foreach (var pin in pins)
            {
                pin.Dispose();
            }
        }
    }

    private static unsafe OrtValue Bind(TensorBuffer tensor, out MemoryHandle pin)
    {
        pin = tensor.Data.Pin();
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, OnnxSignature.ToElementType(tensor.Dtype), tensor.Shape.ToArray(), (nint)pin.Pointer, tensor.Data.Length);
    }
}
