using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Turns the typed contents of a tensor into its raw form, refusing what does not fit.</summary>
internal static class TypedContents
{
    /// <summary>As many elements as were sent; whether the shape has as many is for the caller to check.</summary>
    /// <exception cref="TensorFormatException">A value does not fit the datatype, or is in the field of another.</exception>
    public static ReadOnlyMemory<byte> ToRaw(string name, string datatype, InferTensorContents contents)
    {
        CheckOnlyField(name, datatype, contents);
        return datatype switch
        {
            TensorDatatype.Bool => Copy(contents.BoolContents),
            TensorDatatype.Int8 => Narrow<int, sbyte>(name, datatype, contents.IntContents),
            TensorDatatype.Int16 => Narrow<int, short>(name, datatype, contents.IntContents),
            TensorDatatype.Int32 => Copy(contents.IntContents),
            TensorDatatype.Int64 => Copy(contents.Int64Contents),
            TensorDatatype.UInt8 => Narrow<uint, byte>(name, datatype, contents.UintContents),
            TensorDatatype.UInt16 => Narrow<uint, ushort>(name, datatype, contents.UintContents),
            TensorDatatype.UInt32 => Copy(contents.UintContents),
            TensorDatatype.UInt64 => Copy(contents.Uint64Contents),
            TensorDatatype.Float32 => Copy(contents.Fp32Contents),
            TensorDatatype.Float64 => Copy(contents.Fp64Contents),
            TensorDatatype.Bytes => CopyBytes(contents),

            // FP16 and BF16 have no typed field: nothing was sent, which is right for a tensor without elements only.
            _ => ReadOnlyMemory<byte>.Empty,
        };
    }

    private static byte[] Copy<T>(RepeatedField<T> values)
        where T : unmanaged
    {
        var raw = new byte[values.Count * Unsafe.SizeOf<T>()];
        var target = MemoryMarshal.Cast<byte, T>(raw.AsSpan());
        for (var index = 0; index < target.Length; index++)
        {
            target[index] = values[index];
        }

        return raw;
    }

    private static byte[] Narrow<TWide, TNarrow>(string name, string datatype, RepeatedField<TWide> values)
        where TWide : unmanaged, IBinaryInteger<TWide>
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>, IMinMaxValue<TNarrow>
    {
        var raw = new byte[values.Count * Unsafe.SizeOf<TNarrow>()];
        var target = MemoryMarshal.Cast<byte, TNarrow>(raw.AsSpan());
        for (var index = 0; index < target.Length; index++)
        {
            var value = values[index];
            target[index] = TNarrow.CreateTruncating(value);
            if (TWide.CreateTruncating(target[index]) != value)
            {
                throw new TensorFormatException(
                    $"Tensor '{name}' of {datatype} holds {value} at element {index}; expected {TNarrow.MinValue} to {TNarrow.MaxValue}.");
            }
        }

        return raw;
    }

    private static byte[] CopyBytes(InferTensorContents contents)
    {
        var values = contents.BytesContents;
        var length = 0L;
        foreach (var value in values)
        {
            length += sizeof(uint) + value.Length;
        }

        var raw = new byte[length];
        var rest = raw.AsSpan();
        foreach (var value in values)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)value.Length);
            value.Span.CopyTo(rest[sizeof(uint)..]);
            rest = rest[(sizeof(uint) + value.Length)..];
        }

        return raw;
    }

    /// <summary>A value in a field of another datatype would be ignored, so it is refused.</summary>
    private static void CheckOnlyField(string name, string datatype, InferTensorContents contents)
    {
        var own = datatype switch
        {
            TensorDatatype.Bool => "bool_contents",
            TensorDatatype.Int8 or TensorDatatype.Int16 or TensorDatatype.Int32 => "int_contents",
            TensorDatatype.Int64 => "int64_contents",
            TensorDatatype.UInt8 or TensorDatatype.UInt16 or TensorDatatype.UInt32 => "uint_contents",
            TensorDatatype.UInt64 => "uint64_contents",
            TensorDatatype.Float32 => "fp32_contents",
            TensorDatatype.Float64 => "fp64_contents",
            TensorDatatype.Bytes => "bytes_contents",
            TensorDatatype.Float16 or TensorDatatype.BFloat16 => "raw_input_contents, as the protocol has no typed field for them",
            _ => throw new TensorFormatException($"Tensor '{name}' has datatype '{datatype}'; expected one of {TensorDatatype.Names}."),
        };
        Check("bool_contents", contents.BoolContents.Count);
        Check("int_contents", contents.IntContents.Count);
        Check("int64_contents", contents.Int64Contents.Count);
        Check("uint_contents", contents.UintContents.Count);
        Check("uint64_contents", contents.Uint64Contents.Count);
        Check("fp32_contents", contents.Fp32Contents.Count);
        Check("fp64_contents", contents.Fp64Contents.Count);
        Check("bytes_contents", contents.BytesContents.Count);

        void Check(string field, int count)
        {
            if (count > 0 && field != own)
            {
                throw new TensorFormatException($"Tensor '{name}' of {datatype} has {count} values in {field}; expected them in {own}.");
            }
        }
    }
}
