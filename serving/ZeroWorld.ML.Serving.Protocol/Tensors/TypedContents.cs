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
    public static ReadOnlyMemory<byte> ToRaw(
        string name, string datatype, int widthBytes, IReadOnlyList<long> shape, int elements, InferTensorContents? contents)
    {
        if (datatype is TensorDatatype.Float16 or TensorDatatype.BFloat16 && elements > 0)
        {
            throw new TensorFormatException($"Tensor '{name}' of {datatype} has no raw contents; the protocol has no typed field for {datatype}.");
        }

        if (contents is null)
        {
            return elements == 0
                ? ReadOnlyMemory<byte>.Empty
                : throw new TensorFormatException($"Tensor '{name}' has neither raw contents nor contents; expected {elements} elements.");
        }

        CheckOnlyField(name, datatype, contents);
        return datatype switch
        {
            TensorDatatype.Bool => Copy(name, datatype, shape, elements, contents.BoolContents),
            TensorDatatype.Int8 => Narrow<int, sbyte>(name, datatype, shape, elements, contents.IntContents),
            TensorDatatype.Int16 => Narrow<int, short>(name, datatype, shape, elements, contents.IntContents),
            TensorDatatype.Int32 => Copy(name, datatype, shape, elements, contents.IntContents),
            TensorDatatype.Int64 => Copy(name, datatype, shape, elements, contents.Int64Contents),
            TensorDatatype.UInt8 => Narrow<uint, byte>(name, datatype, shape, elements, contents.UintContents),
            TensorDatatype.UInt16 => Narrow<uint, ushort>(name, datatype, shape, elements, contents.UintContents),
            TensorDatatype.UInt32 => Copy(name, datatype, shape, elements, contents.UintContents),
            TensorDatatype.UInt64 => Copy(name, datatype, shape, elements, contents.Uint64Contents),
            TensorDatatype.Float32 => Copy(name, datatype, shape, elements, contents.Fp32Contents),
            TensorDatatype.Float64 => Copy(name, datatype, shape, elements, contents.Fp64Contents),
            TensorDatatype.Bytes => CopyBytes(name, shape, elements, contents),
            _ => widthBytes * elements == 0
                ? ReadOnlyMemory<byte>.Empty
                : throw new ArgumentOutOfRangeException(nameof(datatype), datatype, "No typed field for this datatype."),
        };
    }

    private static byte[] Copy<T>(string name, string datatype, IReadOnlyList<long> shape, int elements, RepeatedField<T> values)
        where T : unmanaged
    {
        CheckCount(name, datatype, shape, elements, values.Count);
        var raw = new byte[elements * Unsafe.SizeOf<T>()];
        var target = MemoryMarshal.Cast<byte, T>(raw.AsSpan());
        for (var index = 0; index < target.Length; index++)
        {
            target[index] = values[index];
        }

        return raw;
    }

    private static byte[] Narrow<TWide, TNarrow>(string name, string datatype, IReadOnlyList<long> shape, int elements, RepeatedField<TWide> values)
        where TWide : unmanaged, IBinaryInteger<TWide>
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>, IMinMaxValue<TNarrow>
    {
        CheckCount(name, datatype, shape, elements, values.Count);
        var raw = new byte[elements * Unsafe.SizeOf<TNarrow>()];
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

    private static byte[] CopyBytes(string name, IReadOnlyList<long> shape, int elements, InferTensorContents contents)
    {
        var values = contents.BytesContents;
        CheckCount(name, TensorDatatype.Bytes, shape, elements, values.Count);
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

    private static void CheckCount(string name, string datatype, IReadOnlyList<long> shape, int elements, int count)
    {
        if (count != elements)
        {
            throw new TensorFormatException($"Tensor '{name}' of {datatype} {TensorShape.Text(shape)} has {count} elements; expected {elements}.");
        }
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
            _ => "raw contents",
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
