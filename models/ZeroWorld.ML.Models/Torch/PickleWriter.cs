using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ZeroWorld.ML.Models.Torch;

/// <summary>The few operations of Python's pickle, protocol 2, that make an object with tensors (docs.python.org, Lib/pickletools.py). Not thread safe.</summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public PickleWriter() => _bytes.Write<byte>([0x80, 2]);

    public PickleWriter Global(string module, string name) => Write('c').Write($"{module}\n{name}\n");

    public PickleWriter EmptyTuple() => Write(')');

    /// <summary>NEWOBJ: an object of the class before it, made with the tuple before it.</summary>
    public PickleWriter New() => Write((char)0x81);

    /// <summary>Begins the attributes of the object: pairs of a text and a value.</summary>
    public PickleWriter Begin() => Write('}').Write('(');

    public PickleWriter False() => Write((char)0x89);

    public PickleWriter Text(string text)
    {
        Write('X');
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), Encoding.UTF8.GetByteCount(text));
        _bytes.Advance(sizeof(int));
        return Write(text);
    }

    /// <summary>A FP32 tensor, row-major, whose values are all of the storage of this number.</summary>
    public PickleWriter Tensor(int storage, long count, ReadOnlySpan<long> shape)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Write('(');

        // A persistent id: what, of which type, where, on which device, how many.
        Write('(').Text("storage").Global("torch", "FloatStorage").Text(storage.ToString(CultureInfo.InvariantCulture)).Text("cpu").Integer(count).Write('t').Write('Q');
        Integer(0).Tuple(shape);
        var strides = new long[shape.Length];
        var stride = 1L;
        for (var axis = strides.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return Tuple(strides).False().Global("collections", "OrderedDict").EmptyTuple().Write('R').Write('t').Write('R');
    }

    /// <summary>Ends the attributes and the object.</summary>
    public byte[] End()
    {
        Write('u').Write('b').Write('.');
        return _bytes.WrittenSpan.ToArray();
    }

    private PickleWriter Tuple(ReadOnlySpan<long> values)
    {
        Write('(');
        foreach (var value in values)
        {
            Integer(value);
        }

        return Write('t');
    }

    /// <summary>BININT, or LONG1 of eight bytes beyond its range.</summary>
    private PickleWriter Integer(long value)
    {
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Write('J');
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), (int)value);
            _bytes.Advance(sizeof(int));
            return this;
        }

        Write((char)0x8A).Write((char)sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
        return this;
    }

    private PickleWriter Write(char operation)
    {
        _bytes.Write<byte>([(byte)operation]);
        return this;
    }

    private PickleWriter Write(string text)
    {
        _bytes.Write(Encoding.UTF8.GetBytes(text));
        return this;
    }
}
