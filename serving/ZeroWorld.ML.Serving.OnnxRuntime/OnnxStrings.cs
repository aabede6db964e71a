using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Brings strings into and out of the engine's tensors without an object per string. Pure apart from the tensors it is given.</summary>
/// <remarks>
/// The managed interface takes two guarded calls per string, which cost more than copying its bytes. So the same functions of the C interface are called directly (<see cref="OnnxApi"/>).
/// </remarks>
internal static unsafe class OnnxStrings
{
    private const int GetStringTensorDataLength = 53;
    private const int GetStringTensorContent = 54;
    private const int GetResizedStringTensorElementBuffer = 252;

    /// <summary>Copies the elements of a tensor into an engine's tensor of the same shape.</summary>
    /// <returns>Bytes of the longest.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: the engine has no memory for them.</exception>
    public static int Write(TensorBuffer source, OrtValue target)
    {
        var handle = Handle(target);
        var longest = 0;
        if (source.IsPacked)
        {
            // The lengths fit the bytes: that was seen when the tensor was made.
            fixed (byte* start = source.Data.Span)
            {
                var next = start;
                for (var index = 0; index < source.ElementCount; index++)
                {
                    var length = Unsafe.ReadUnaligned<int>(next);
                    Write(handle, index, new ReadOnlySpan<byte>(next + sizeof(uint), length));
                    next += sizeof(uint) + length;
                    longest = Math.Max(longest, length);
                }
            }

            return longest;
        }

        var strings = source.Strings.Span;
        for (var index = 0; index < strings.Length; index++)
        {
            Write(handle, index, strings[index]);
            longest = Math.Max(longest, strings[index].Length);
        }

        return longest;
    }

    /// <summary>Reads an engine's tensor of strings in their wire form.</summary>
    /// <param name="name">Of the output, for messages.</param>
    /// <param name="longest">Bytes of the longest.</param>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: there are more bytes than an array can have.</exception>
    public static TensorBuffer Read(string name, OrtValue source, long[] shape, long count, IOutputMemory memory, out int longest)
    {
        longest = 0;
        if (count == 0)
        {
            return TensorBuffer.OfStrings(shape, ReadOnlyMemory<byte[]>.Empty);
        }

        var handle = Handle(source);
        nuint total;
        Check(((delegate* unmanaged[Cdecl]<nint, nuint*, nint>)OnnxApi.Table[GetStringTensorDataLength])(handle, &total));
        var bytes = (long)total + (count * sizeof(uint));
        if (bytes > Array.MaxLength)
        {
            throw new ServingException(ServingError.BackendFailed, $"The output '{name}' takes {bytes} bytes; expected at most {Array.MaxLength}.");
        }

        var data = memory.Allocate((int)bytes);
        var starts = ArrayPool<nuint>.Shared.Rent((int)count);
        try
        {
            fixed (nuint* offsets = starts)
            fixed (byte* target = data.Span)
            {
                // All of them at once to the end of the memory, from where each moves down behind its length: what is written never reaches what is still to be read.
                var content = target + (count * sizeof(uint));
                Check(((delegate* unmanaged[Cdecl]<nint, void*, nuint, nuint*, nuint, nint>)OnnxApi.Table[GetStringTensorContent])(handle, content, total, offsets, (nuint)count));
                var next = target;
                for (var index = 0; index < (int)count; index++)
                {
                    var end = index + 1 < (int)count ? offsets[index + 1] : total;
                    var length = (int)(end - offsets[index]);
                    Unsafe.WriteUnaligned(next, length);
                    Buffer.MemoryCopy(content + offsets[index], next + sizeof(uint), length, length);
                    next += sizeof(uint) + length;
                    longest = Math.Max(longest, length);
                }
            }
        }
        finally
        {
            ArrayPool<nuint>.Shared.Return(starts);
        }

        return TensorBuffer.OfPacked(shape, data);
    }

    private static void Write(nint tensor, int index, ReadOnlySpan<byte> value)
    {
        // A call of some nanoseconds: longer strings make it slower by one allocation at most.
        byte* buffer;
        Check(((delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, nuint, nuint, byte**, nint>)OnnxApi.Table[GetResizedStringTensorElementBuffer])(tensor, (nuint)index, (nuint)value.Length, &buffer));
        value.CopyTo(new Span<byte>(buffer, value.Length));
    }

    private static void Check(nint status)
    {
        if (status != 0)
        {
            ((delegate* unmanaged[Cdecl]<nint, void>)OnnxApi.Table[OnnxApi.ReleaseStatus])(status);
            throw new ServingException(ServingError.BackendFailed, "The engine could not take or give the strings of this request.");
        }
    }

    // The managed interface keeps the handle to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern nint Handle(OrtValue value);
}
