using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Joins the inputs of several requests into one batch, in memory that is kept between batches, and parts its outputs again.</summary>
/// <remarks>Not thread safe: one batch at a time. Merged tensors are valid until the next <see cref="Merge"/>.</remarks>
internal sealed class BatchBuffers(ModelSignature signature)
{
    // What one unusual batch needed is not kept for ever.
    private const int KeptBytesMax = 16 * 1024 * 1024;

    // Engines read elements with aligned instructions in places.
    private const int AlignmentBytes = 8;
    private readonly byte[]?[] _staging = new byte[]?[signature.Inputs.Count];

    /// <summary>Whether rows of both requests may stand in one tensor: everything but the number of rows is equal, and of ragged inputs the shape.</summary>
    public static bool CanMerge(ModelSignature signature, TensorBuffer[] first, TensorBuffer[] second)
    {
        for (var index = 0; index < first.Length; index++)
        {
            // What a request puts in place of the model's own value holds for the whole run: it runs alone.
            if (signature.Inputs[index].IsOptional)
            {
                if (first[index] is not null || second[index] is not null)
                {
                    return false;
                }

                continue;
            }

            if (first[index].Dtype != second[index].Dtype || (!signature.Inputs[index].IsRagged && !first[index].Shape[1..].SequenceEqual(second[index].Shape[1..])))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether every output has exactly these rows on its first axis, or says itself what is whose.</summary>
    public static bool HasRows(TensorBuffer[] outputs, int rows)
    {
        foreach (var output in outputs)
        {
            if (output.Parts is null && (output.Shape.Length == 0 || output.Shape[0] != rows))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What one request of a batch gets of each output, over the same memory: rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/>, or the elements of its place.</summary>
    public static TensorBuffer[] Part(TensorBuffer[] outputs, int place, int start, int count)
    {
        var parts = new TensorBuffer[outputs.Length];
        for (var index = 0; index < parts.Length; index++)
        {
            parts[index] = outputs[index].Parts is null ? outputs[index].SliceRows(start, count) : outputs[index].SlicePart(place);
        }

        return parts;
    }

    /// <summary>Rows <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> of each tensor, over the same memory.</summary>
    public static TensorBuffer[] Slice(TensorBuffer[] tensors, int start, int count)
    {
        var slices = new TensorBuffer[tensors.Length];
        for (var index = 0; index < slices.Length; index++)
        {
            slices[index] = tensors[index].SliceRows(start, count);
        }

        return slices;
    }

    /// <summary>Brings the requests of a batch into the order in which their inputs lie in memory, where they lie in one piece of it: the order of its rows is free.</summary>
    public static void Order(List<InferenceTask> batch)
    {
        byte[]? array = null;
        var isOrdered = true;
        var last = -1;
        foreach (var task in batch)
        {
            if (task.Inputs is not [{ } input, ..] || !MemoryMarshal.TryGetArray(input.Data, out var part) || (array is not null && part.Array != array))
            {
                return;
            }

            array = part.Array;
            isOrdered &= part.Offset > last;
            last = part.Offset;
        }

        if (!isOrdered)
        {
            batch.Sort(static (first, second) => OffsetOf(first).CompareTo(OffsetOf(second)));
        }
    }

    public TensorBuffer[] Merge(List<InferenceTask> batch, int rows)
    {
        var merged = new TensorBuffer[_staging.Length];
        for (var index = 0; index < merged.Length; index++)
        {
            var first = batch[0].Inputs[index];
            if (first is null)
            {
                continue;
            }

            if (signature.Inputs[index].IsRagged)
            {
                merged[index] = MergeRagged(batch, index);
                continue;
            }

            long[] shape = [.. first.Shape];
            shape[0] = rows;
            merged[index] = MergeInput(batch, index, shape);
        }

        return merged;
    }

    /// <summary>All elements in one dimension, with the shapes that they came in.</summary>
    private TensorBuffer MergeRagged(List<InferenceTask> batch, int input)
    {
        long[][] parts = [.. batch.Select(task => task.Inputs[input].Shape.ToArray())];
        return MergeInput(batch, input, [batch.Sum(task => (long)task.Inputs[input].ElementCount)]).WithParts(parts);
    }

    private TensorBuffer MergeInput(List<InferenceTask> batch, int index, long[] shape)
    {
        var dtype = batch[0].Inputs[index].Dtype;
        return dtype != TensorDtype.Bytes ? TensorBuffer.Of(dtype, shape, MergeData(batch, index))
            : ArePacked(batch, index) ? TensorBuffer.OfPacked(shape, MergeData(batch, index))
            : MergeStrings(batch, index, shape);
    }

    private static bool ArePacked(List<InferenceTask> batch, int input)
    {
        foreach (var task in batch)
        {
            if (!task.Inputs[input].IsPacked)
            {
                return false;
            }
        }

        return true;
    }

    private ReadOnlyMemory<byte> MergeData(List<InferenceTask> batch, int input)
    {
        var length = 0;
        foreach (var task in batch)
        {
            length += task.Inputs[input].Data.Length;
        }

        if (TryJoin(batch, input, length, out var joined))
        {
            return joined;
        }

        var staging = Rent(input, length);
        var offset = 0;
        foreach (var task in batch)
        {
            task.Inputs[input].Data.Span.CopyTo(staging.AsSpan(offset));
            offset += task.Inputs[input].Data.Length;
        }

        return staging.AsMemory(0, length);
    }

    /// <summary>Inputs that lie one after another already, as those from the wire do, are one tensor as they are.</summary>
    private static bool TryJoin(List<InferenceTask> batch, int input, int length, out ReadOnlyMemory<byte> joined)
    {
        joined = default;
        if (!MemoryMarshal.TryGetArray(batch[0].Inputs[input].Data, out var first) || first.Array is null || first.Offset % AlignmentBytes != 0)
        {
            return false;
        }

        var end = first.Offset;
        foreach (var task in batch)
        {
            if (!MemoryMarshal.TryGetArray(task.Inputs[input].Data, out var part) || part.Array != first.Array || part.Offset != end)
            {
                return false;
            }

            end += part.Count;
        }

        joined = first.Array.AsMemory(first.Offset, length);
        return true;
    }

    private static TensorBuffer MergeStrings(List<InferenceTask> batch, int input, long[] shape)
    {
        var strings = new List<byte[]>();
        foreach (var task in batch)
        {
            strings.AddRange(task.Inputs[input].Strings.Span);
        }

        return TensorBuffer.OfStrings(shape, strings.ToArray());
    }

    private static int OffsetOf(InferenceTask task) => MemoryMarshal.TryGetArray(task.Inputs[0].Data, out var part) ? part.Offset : 0;

    private byte[] Rent(int input, int length)
    {
        if (length > KeptBytesMax)
        {
            return GC.AllocateUninitializedArray<byte>(length);
        }

        var staging = _staging[input];
        if (staging is null || staging.Length < length)
        {
            // Pinned, since the model reads it in place run after run.
            staging = GC.AllocateUninitializedArray<byte>((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, 256)), pinned: true);
            _staging[input] = staging;
        }

        return staging;
    }
}
