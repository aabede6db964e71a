using System.Buffers;
using System.Text;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Writes a ModelInferResponse (open_inference.proto) straight into the memory that it is sent from: each output's bytes are written once.</summary>
/// <remarks>
/// Used in this order: the constructor, <see cref="AddOutput"/> per output, <see cref="Length"/>, <see cref="WriteTo"/>. What is written is what generated code writes for the same message.
/// Not thread safe; the lists are the caller's, used again and again.
/// </remarks>
public sealed class RawInferResponse
{
    private const int OutputTag = (5 << 3) | 2;
    private const int RawTag = (6 << 3) | 2;
    private readonly List<Output> _outputs = [];
    private string _model = "";
    private string _version = "";
    private string _id = "";

    /// <summary>Begins an answer.</summary>
    /// <param name="version">The version that answered.</param>
    public void Begin(string model, string version, string id)
    {
        _outputs.Clear();
        (_model, _version, _id) = (model, version, id);
    }

    /// <param name="raw">Its bytes; not copied until <see cref="WriteTo"/>.</param>
    public void AddOutput(string name, string datatype, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> raw)
    {
        var shapeBytes = 0;
        foreach (var size in shape)
        {
            shapeBytes += VarintBytes((ulong)size);
        }

        var header = FieldBytes(name) + FieldBytes(datatype) + (shape.IsEmpty ? 0 : 1 + VarintBytes((uint)shapeBytes) + shapeBytes);
        _outputs.Add(new Output(name, datatype, shape.ToArray(), shapeBytes, header, raw));
    }

    /// <summary>Bytes of the message.</summary>
    public long Length
    {
        get
        {
            long length = FieldBytes(_model) + FieldBytes(_version) + FieldBytes(_id);
            foreach (var output in _outputs)
            {
                length += 1 + VarintBytes((uint)output.HeaderBytes) + output.HeaderBytes + 1 + VarintBytes((uint)output.Raw.Length) + output.Raw.Length;
            }

            return length;
        }
    }

    /// <summary>Writes the message.</summary>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var head = FieldBytes(_model) + FieldBytes(_version) + FieldBytes(_id);
        foreach (var output in _outputs)
        {
            head += 1 + VarintBytes((uint)output.HeaderBytes) + output.HeaderBytes;
        }

        var span = writer.GetSpan(head);
        var at = WriteField(span, 0, (1 << 3) | 2, _model);
        at = WriteField(span, at, (2 << 3) | 2, _version);
        at = WriteField(span, at, (3 << 3) | 2, _id);
        foreach (var output in _outputs)
        {
            span[at++] = OutputTag;
            at = WriteVarint(span, at, (uint)output.HeaderBytes);
            at = WriteField(span, at, (1 << 3) | 2, output.Name);
            at = WriteField(span, at, (2 << 3) | 2, output.Datatype);
            if (output.Shape.Length > 0)
            {
                span[at++] = (3 << 3) | 2;
                at = WriteVarint(span, at, (uint)output.ShapeBytes);
                foreach (var size in output.Shape)
                {
                    at = WriteVarint(span, at, (ulong)size);
                }
            }
        }

        writer.Advance(at);
        foreach (var output in _outputs)
        {
            var prefix = writer.GetSpan(6);
            prefix[0] = RawTag;
            writer.Advance(WriteVarint(prefix, 1, (uint)output.Raw.Length));
            writer.Write(output.Raw.Span);
        }
    }

    private static int FieldBytes(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        return length == 0 ? 0 : 1 + VarintBytes((uint)length) + length;
    }

    private static int WriteField(Span<byte> span, int at, byte tag, string text)
    {
        if (text.Length == 0)
        {
            return at;
        }

        span[at++] = tag;
        at = WriteVarint(span, at, (uint)Encoding.UTF8.GetByteCount(text));
        return at + Encoding.UTF8.GetBytes(text, span[at..]);
    }

    private static int VarintBytes(ulong value) => value == 0 ? 1 : ((63 - System.Numerics.BitOperations.LeadingZeroCount(value)) / 7) + 1;

    private static int WriteVarint(Span<byte> span, int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            span[at++] = (byte)(value | 0x80);
        }

        span[at++] = (byte)value;
        return at;
    }

    private readonly record struct Output(string Name, string Datatype, long[] Shape, int ShapeBytes, int HeaderBytes, ReadOnlyMemory<byte> Raw);
}
