using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Runs a model of which every output is of strings into tensors that are kept, of the shapes that its outputs had the last time that its inputs had these shapes.</summary>
/// <remarks>Not thread safe. A model whose outputs change their shapes with its values fails such a run once, and is never run so again.</remarks>
internal sealed class StringOutputs(string[] names, KeptStrings kept)
{
    // Outputs have places of their own, behind those of inputs.
    private const int PlaceFirst = 1 << 16;
    private const int KnownMax = 8;
    private readonly List<(long[] Inputs, long[][] Outputs)> _known = [];
    private bool _isOff;
    private bool _hasFailed;

    /// <returns><see langword="null"/> where an output is of anything else.</returns>
    public static StringOutputs? TryCreate(ModelSignature signature, KeptStrings kept) =>
        signature.Outputs.Count > 0 && signature.Outputs.All(static spec => spec.Dtype == TensorDtype.Bytes) ? new StringOutputs([.. signature.Outputs.Select(static spec => spec.Name)], kept) : null;

    /// <returns><see langword="false"/> when the shapes are not known, or the run failed; nothing is given then.</returns>
    public bool TryRun(
        InferenceSession session, RunOptions runOptions, IReadOnlyCollection<string> inputNames, OrtValue[] values, ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory,
        [NotNullWhen(true)] out TensorBuffer[]? tensors)
    {
        tensors = null;
        if (_isOff || Find(inputs) is not { } shapes)
        {
            return false;
        }

        var outputs = new OrtValue[names.Length];
        try
        {
            for (var index = 0; index < outputs.Length; index++)
            {
                outputs[index] = kept.Take(PlaceFirst + index, shapes[index]);
            }

            session.Run(runOptions, inputNames, values, names, outputs);
            var read = new TensorBuffer[names.Length];
            for (var index = 0; index < read.Length; index++)
            {
                TensorShape.TryCountElements(shapes[index], out var count);
                read[index] = OnnxStrings.Read(names[index], outputs[index], [.. shapes[index]], count, memory, out var longest);
                kept.Return(PlaceFirst + index, shapes[index], outputs[index], longest);
                outputs[index] = null!;
            }

            tensors = read;
            return true;
        }
        catch (OnnxRuntimeException)
        {
            _hasFailed = true;
            return false;
        }
        finally
        {
            foreach (var output in outputs)
            {
                output?.Dispose();
            }
        }
    }

    /// <summary>A run without given memory has succeeded.</summary>
    public void Learn(ReadOnlySpan<TensorBuffer> inputs, TensorBuffer[] outputs)
    {
        // The same inputs that failed before: the shapes were wrong.
        _isOff |= _hasFailed;
        if (_isOff || Find(inputs) is not null)
        {
            return;
        }

        if (_known.Count == KnownMax)
        {
            _known.RemoveAt(0);
        }

        _known.Add((Key(inputs), Array.ConvertAll(outputs, static output => output.Shape.ToArray())));
    }

    /// <summary>A run without given memory has failed, too: the inputs were wrong.</summary>
    public void Forgive() => _hasFailed = false;

    private long[][]? Find(ReadOnlySpan<TensorBuffer> inputs)
    {
        foreach (var (known, outputs) in _known)
        {
            var at = 0;
            foreach (var input in inputs)
            {
                if (at < 0 || at + 1 + input.Shape.Length > known.Length || known[at] != input.Shape.Length || !input.Shape.SequenceEqual(known.AsSpan(at + 1, input.Shape.Length)))
                {
                    at = -1;
                    break;
                }

                at += 1 + input.Shape.Length;
            }

            if (at == known.Length)
            {
                return outputs;
            }
        }

        return null;
    }

    private static long[] Key(ReadOnlySpan<TensorBuffer> inputs)
    {
        var key = new List<long>();
        foreach (var input in inputs)
        {
            key.Add(input.Shape.Length);
            key.AddRange(input.Shape);
        }

        return [.. key];
    }
}
