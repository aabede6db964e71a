using System.Buffers.Binary;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>
/// A PredictRequest (prediction.proto) read without the objects of generated code: what almost every client sends, columns of scalars without nulls.
/// Whatever else a request may have, and whatever is wrong with one, is for the generated parser.
/// </summary>
internal struct DirectPredictMessage
{
    // Field numbers and wire types: 2 is a length and that many bytes, 0 a number.
    private const int Bytes = 2;
    private const int ColumnsMax = 64;

    public string Project { get; private set; }

    public string Model { get; private set; }

    public VersionSelector Selector { get; private set; }

    public RequestColumn[] Entities { get; private set; }

    public RequestColumn[] Request { get; private set; }

    public bool OmitsFeatures { get; private set; }

    /// <returns><see langword="false"/>: it is none, or holds what this does not; nothing of it may be used then.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out DirectPredictMessage message)
    {
        message = new DirectPredictMessage { Project = "", Model = "", Selector = VersionSelector.Champion };
        if (!TryCount(bytes, out var entities, out var requests))
        {
            return false;
        }

        message.Entities = entities == 0 ? [] : new RequestColumn[entities];
        message.Request = requests == 0 ? [] : new RequestColumn[requests];
        var reader = new WireSpan(bytes);
        for (var (entity, request) = (0, 0); !reader.IsAtEnd;)
        {
            var isRead = reader.TryReadVarint(out var tag) && tag switch
            {
                (5 << 3) | Bytes => reader.TryReadBytes(out var column) && TryReadColumn(column, out message.Entities[entity++]),
                (6 << 3) | Bytes => reader.TryReadBytes(out var column) && TryReadColumn(column, out message.Request[request++]),
                _ => message.TryReadScalar(tag, ref reader),
            };
            if (!isRead)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many columns there are, before any is made.</summary>
    private static bool TryCount(ReadOnlySpan<byte> bytes, out int entities, out int requests)
    {
        (entities, requests) = (0, 0);
        for (var reader = new WireSpan(bytes); !reader.IsAtEnd;)
        {
            if (!reader.TryReadVarint(out var tag) || !((tag & 7) == Bytes ? reader.TryReadBytes(out _) : (tag & 7) == 0 && reader.TryReadVarint(out _)))
            {
                return false;
            }

            entities += tag == ((5 << 3) | Bytes) ? 1 : 0;
            requests += tag == ((6 << 3) | Bytes) ? 1 : 0;
        }

        return entities <= ColumnsMax && requests <= ColumnsMax;
    }

    private bool TryReadScalar(ulong tag, ref WireSpan reader)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes when reader.TryReadText(out var project, isFrequent: true):
                Project = project;
                return true;
            case (2 << 3) | Bytes when reader.TryReadText(out var model, isFrequent: true):
                Model = model;
                return true;
            case 3 << 3 when reader.TryReadVarint(out var version) && (long)version >= 1:
                Selector = VersionSelector.OfVersion((long)version);
                return true;
            case (4 << 3) | Bytes when reader.TryReadText(out var alias, isFrequent: true):
                Selector = VersionSelector.OfAlias(alias);
                return true;
            case 7 << 3 when reader.TryReadVarint(out var omits):
                OmitsFeatures = omits != 0;
                return true;
            default:
                // Reasons, and what later versions have.
                return false;
        }
    }

    /// <summary>A Column (values.proto): a name, and one list of values.</summary>
    private static bool TryReadColumn(ReadOnlySpan<byte> bytes, out RequestColumn column)
    {
        column = null!;
        var name = "";
        var list = ReadOnlySpan<byte>.Empty;
        var kind = 0UL;
        for (var reader = new WireSpan(bytes); !reader.IsAtEnd;)
        {
            if (!reader.TryReadVarint(out var tag))
            {
                return false;
            }

            if (tag == ((1 << 3) | Bytes))
            {
                if (!reader.TryReadText(out name, isFrequent: true))
                {
                    return false;
                }
            }
            else if (kind != 0 || !reader.TryReadBytes(out list))
            {
                // Nulls are numbers in a list too, and the second.
                return false;
            }
            else
            {
                kind = tag;
            }
        }

        if (name.Length == 0 || TypeOf(kind) is not { } type || !TryReadValues(list, type, out var values))
        {
            return false;
        }

        column = new RequestColumn(name, type, values);
        return true;
    }

    private static FeatureType? TypeOf(ulong tag) => tag switch
    {
        (2 << 3) | Bytes => FeatureType.Bool,
        (3 << 3) | Bytes => FeatureType.Int64,
        (4 << 3) | Bytes => FeatureType.Float32,
        (5 << 3) | Bytes => FeatureType.Float64,
        (6 << 3) | Bytes => FeatureType.String,
        (8 << 3) | Bytes => FeatureType.Timestamp,
        _ => null,
    };

    /// <summary>The content of BoolValues, Int64Values and so on: one packed list, or a text per value.</summary>
    private static bool TryReadValues(ReadOnlySpan<byte> list, FeatureType type, out FeatureValue[] values)
    {
        values = [];
        var reader = new WireSpan(list);
        if (type == FeatureType.String)
        {
            return TryReadTexts(reader, ref values);
        }

        return reader.TryReadVarint(out var tag) && tag == ((1 << 3) | Bytes) && reader.TryReadBytes(out var packed) && reader.IsAtEnd && type switch
        {
            FeatureType.Float32 => TryReadFloats(packed, out values),
            FeatureType.Float64 => TryReadDoubles(packed, out values),
            _ => TryReadNumbers(packed, type, out values),
        };
    }

    private static bool TryReadTexts(WireSpan reader, ref FeatureValue[] values)
    {
        var count = 0;
        for (var all = reader; !all.IsAtEnd; count++)
        {
            if (!all.TryReadVarint(out var tag) || tag != ((1 << 3) | Bytes) || !all.TryReadBytes(out _))
            {
                return false;
            }
        }

        values = new FeatureValue[count];
        for (var index = 0; index < count; index++)
        {
            if (!reader.TryReadVarint(out _) || !reader.TryReadText(out var text, isFrequent: false))
            {
                return false;
            }

            values[index] = FeatureValue.FromString(text);
        }

        return true;
    }

    private static bool TryReadNumbers(ReadOnlySpan<byte> packed, FeatureType type, out FeatureValue[] values)
    {
        // A number ends with a byte below 128.
        var count = 0;
        foreach (var part in packed)
        {
            count += part < 0x80 ? 1 : 0;
        }

        values = new FeatureValue[count];
        var reader = new WireSpan(packed);
        for (var index = 0; index < count; index++)
        {
            if (!reader.TryReadVarint(out var bits))
            {
                return false;
            }

            values[index] = type switch
            {
                FeatureType.Bool => FeatureValue.FromBool(bits != 0),
                FeatureType.Int64 => FeatureValue.FromInt64(WireSpan.ZigZag(bits)),
                _ => FeatureValue.FromTimestamp(WireSpan.ZigZag(bits)),
            };
        }

        return reader.IsAtEnd;
    }

    private static bool TryReadFloats(ReadOnlySpan<byte> packed, out FeatureValue[] values)
    {
        values = new FeatureValue[packed.Length / sizeof(float)];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = FeatureValue.FromFloat32(BinaryPrimitives.ReadSingleLittleEndian(packed[(index * sizeof(float))..]));
        }

        return packed.Length % sizeof(float) == 0;
    }

    private static bool TryReadDoubles(ReadOnlySpan<byte> packed, out FeatureValue[] values)
    {
        values = new FeatureValue[packed.Length / sizeof(double)];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = FeatureValue.FromFloat64(BinaryPrimitives.ReadDoubleLittleEndian(packed[(index * sizeof(double))..]));
        }

        return packed.Length % sizeof(double) == 0;
    }
}
