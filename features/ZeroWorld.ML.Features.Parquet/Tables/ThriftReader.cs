namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Thrift's compact protocol, as far as Parquet's footers need it.</summary>
/// <remarks>https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md</remarks>
internal ref struct ThriftReader(ReadOnlySpan<byte> input)
{
    private const int False = 2;
    private const int Byte = 3;
    private const int Int64 = 6;
    private const int Double = 7;
    private const int Binary = 8;
    private const int Set = 10;
    private const int Map = 11;
    private const int Struct = 12;
    private const int LongList = 15;

    private readonly ReadOnlySpan<byte> _input = input;
    private int _last;

    /// <summary>Byte that is read next.</summary>
    public int Position { get; private set; }

    /// <summary>Begins a struct in a list, or one that is a field.</summary>
    /// <returns>For <see cref="EndStruct"/>.</returns>
    public int BeginStruct()
    {
        var outer = _last;
        _last = 0;
        return outer;
    }

    public void EndStruct(int outer) => _last = outer;

    /// <returns><see langword="false"/>: the struct ends here.</returns>
    public bool TryReadField(out int id, out int type)
    {
        var header = _input[Position++];
        (id, type) = (0, header & 15);
        if (header == 0)
        {
            return false;
        }

        id = header >> 4 == 0 ? ReadInt32() : _last + (header >> 4);
        _last = id;
        return true;
    }

    public int ReadListCount() => ReadList().Count;

    public int ReadInt32()
    {
        var value = (uint)ReadVarint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    /// <summary>Passes over a value; of a field that is a truth value there is none.</summary>
    public void Skip(int type)
    {
        switch (type)
        {
            case <= False:
                break;
            case Byte:
                Position++;
                break;
            case <= Int64:
                ReadVarint();
                break;
            case Double:
                Position += sizeof(double);
                break;
            case Binary:
                var length = checked((int)ReadVarint());
                Position += length;
                break;
            case <= Set:
                var (count, of) = ReadList();
                SkipAll(count, of);
                break;
            case Map:
                var pairs = checked((int)ReadVarint());
                var types = pairs == 0 ? 0 : _input[Position++];
                for (var pair = 0; pair < pairs; pair++)
                {
                    SkipAll(1, types >> 4);
                    SkipAll(1, types & 15);
                }

                break;
            case Struct:
                var outer = BeginStruct();
                while (TryReadField(out _, out var field))
                {
                    Skip(field);
                }

                EndStruct(outer);
                break;
            default:
                throw new InvalidDataException($"Byte {Position} of the footer has type {type}, which Thrift does not know.");
        }
    }

    // In a list a truth value has a byte.
    private void SkipAll(int count, int type)
    {
        for (var value = 0; value < count; value++)
        {
            Skip(type <= False ? Byte : type);
        }
    }

    private (int Count, int Type) ReadList()
    {
        var header = _input[Position++];
        return (header >> 4 == LongList ? checked((int)ReadVarint()) : header >> 4, header & 15);
    }

    private ulong ReadVarint()
    {
        for (var (value, shift) = (0ul, 0); ; shift += 7)
        {
            var part = _input[Position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
