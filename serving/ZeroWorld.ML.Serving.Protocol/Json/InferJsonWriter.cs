using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Writes inference responses in the REST form of the Open Inference Protocol: JSON, data flat and row-major, and after it the outputs that go as bytes.</summary>
public static class InferJsonWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="buffer">Receives UTF-8 JSON.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">The version that answered.</param>
    /// <param name="id">The request's id; empty is left out.</param>
    /// <param name="outputs">Outputs in the order asked for.</param>
    /// <returns>Bytes of the JSON where outputs follow it; <see langword="null"/> where the answer is JSON alone.</returns>
    /// <exception cref="TensorFormatException">A tensor has no JSON form: FP16, BF16, or BYTES that are no UTF-8.</exception>
    public static long? Write(IBufferWriter<byte> buffer, string model, string version, string id, IReadOnlyList<AnsweredOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ArgumentNullException.ThrowIfNull(outputs);
        var jsonBytes = WriteJson(buffer, model, version, id, outputs);
        var isBinary = false;
        foreach (var output in outputs)
        {
            if (output.IsBinary)
            {
                isBinary = true;
                buffer.Write(output.Tensor.Data.Span);
            }
        }

        return isBinary ? jsonBytes : null;
    }

    private static long WriteJson(IBufferWriter<byte> buffer, string model, string version, string id, IReadOnlyList<AnsweredOutput> outputs)
    {
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("model_name", model);
        writer.WriteString("model_version", version);
        if (id.Length > 0)
        {
            writer.WriteString("id", id);
        }

        writer.WriteStartArray("outputs");
        foreach (var output in outputs)
        {
            WriteOutput(writer, output);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return writer.BytesCommitted;
    }

    private static void WriteOutput(Utf8JsonWriter writer, in AnsweredOutput output)
    {
        var tensor = output.Tensor;
        writer.WriteStartObject();
        writer.WriteString("name", tensor.Name);
        writer.WriteString("datatype", tensor.Datatype);
        writer.WriteStartArray("shape");
        foreach (var dimension in tensor.Shape)
        {
            writer.WriteNumberValue(dimension);
        }

        writer.WriteEndArray();

        // The caller said where in shared memory the output goes. Triton's C++ client takes 'parameters' for a sign of bytes behind the JSON, and fails without their number.
        if (output.IsBinary)
        {
            writer.WriteStartObject("parameters");
            writer.WriteNumber("binary_data_size", tensor.Data.Length);
            writer.WriteEndObject();
        }
        else if (output.SharedMemory is null)
        {
            writer.WriteStartArray("data");
            WriteData(writer, tensor);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes the elements of a tensor, one value after the other.</summary>
    /// <exception cref="TensorFormatException">The tensor has no JSON form.</exception>
    public static void WriteData(Utf8JsonWriter writer, WireTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(tensor);
        var raw = tensor.Data.Span;
        switch (tensor.Datatype)
        {
            case TensorDatatype.Bool:
                foreach (var value in raw)
                {
                    writer.WriteBooleanValue(value != 0);
                }

                break;
            case TensorDatatype.Int8:
                WriteIntegers<sbyte>(writer, raw);
                break;
            case TensorDatatype.Int16:
                WriteIntegers<short>(writer, raw);
                break;
            case TensorDatatype.Int32:
                WriteIntegers<int>(writer, raw);
                break;
            case TensorDatatype.Int64:
                WriteIntegers<long>(writer, raw);
                break;
            case TensorDatatype.UInt8:
                WriteIntegers<byte>(writer, raw);
                break;
            case TensorDatatype.UInt16:
                WriteIntegers<ushort>(writer, raw);
                break;
            case TensorDatatype.UInt32:
                WriteIntegers<uint>(writer, raw);
                break;
            case TensorDatatype.UInt64:
                foreach (var value in MemoryMarshal.Cast<byte, ulong>(raw))
                {
                    writer.WriteNumberValue(value);
                }

                break;
            case TensorDatatype.Float32:
                foreach (var value in MemoryMarshal.Cast<byte, float>(raw))
                {
                    WriteFloat(writer, value);
                }

                break;
            case TensorDatatype.Float64:
                foreach (var value in MemoryMarshal.Cast<byte, double>(raw))
                {
                    WriteFloat(writer, value);
                }

                break;
            case TensorDatatype.Bytes:
                WriteTexts(writer, tensor.Name, raw);
                break;
            default:
                throw new TensorFormatException(
                    $"sending {tensor.Datatype} data via JSON is not supported. Please use the binary data format for output {tensor.Name}");
        }
    }

    private static void WriteIntegers<T>(Utf8JsonWriter writer, ReadOnlySpan<byte> raw)
        where T : unmanaged, IBinaryInteger<T>
    {
        foreach (var value in MemoryMarshal.Cast<byte, T>(raw))
        {
            writer.WriteNumberValue(long.CreateChecked(value));
        }
    }

    /// <summary>A float as the shortest number that reads back to it; what JSON numbers cannot say is a string.</summary>
    public static void WriteFloat(Utf8JsonWriter writer, float value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (float.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(float.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    /// <inheritdoc cref="WriteFloat(Utf8JsonWriter, float)"/>
    public static void WriteFloat(Utf8JsonWriter writer, double value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, ReadOnlySpan<byte> raw)
    {
        for (var index = 0; !raw.IsEmpty; index++)
        {
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(raw);
            var text = raw.Slice(sizeof(uint), length);
            try
            {
                writer.WriteStringValue(StrictUtf8.GetString(text));
            }
            catch (DecoderFallbackException exception)
            {
                throw new TensorFormatException($"Element {index} of output '{name}' is not UTF-8, so it has no JSON form; ask for it with binary_data.", exception);
            }

            raw = raw[(sizeof(uint) + length)..];
        }
    }
}
