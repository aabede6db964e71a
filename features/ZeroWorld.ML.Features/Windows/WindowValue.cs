using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>A value of a stored column of a windowed view: float64 or int64 by its bits, a string by its UTF-8 bytes.</summary>
internal readonly struct WindowValue(long bits, byte[]? text) : IEquatable<WindowValue>
{
    private static readonly WindowValue NaN = FromDouble(double.NaN);

    public long Bits { get; } = bits;

    public byte[]? Text { get; } = text;

    public static WindowValue FromDouble(double value) => new(BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>A request value as an event's, with one zero only; it is of the column's type, or a number where that is float64.</summary>
    public static WindowValue From(in FeatureValue value, FeatureType columnType) => columnType switch
    {
        FeatureType.String => new(0, Encoding.UTF8.GetBytes(value.AsString())),
        FeatureType.Int64 => new(value.Type == FeatureType.Bool ? (value.AsBool() ? 1 : 0) : value.AsInt64(), null),
        _ => FromDouble(value.ToDouble() + 0.0),
    };

    public double ToDouble(FeatureType columnType) => columnType == FeatureType.Int64 ? Bits : BitConverter.Int64BitsToDouble(Bits);

    public FeatureValue ToFeatureValue(FeatureType columnType) => columnType switch
    {
        FeatureType.String => FeatureValue.FromString(Encoding.UTF8.GetString(Text!)),
        FeatureType.Int64 => FeatureValue.FromInt64(Bits),
        _ => FeatureValue.FromFloat64(BitConverter.Int64BitsToDouble(Bits)),
    };

    public static FeatureValue ToList(ReadOnlySpan<WindowValue> values, FeatureType columnType)
    {
        switch (columnType)
        {
            case FeatureType.String:
                var texts = new string[values.Length];
                for (var index = 0; index < texts.Length; index++)
                {
                    texts[index] = Encoding.UTF8.GetString(values[index].Text!);
                }

                return FeatureValue.FromStringList(texts);
            case FeatureType.Int64:
                var integers = new long[values.Length];
                for (var index = 0; index < integers.Length; index++)
                {
                    integers[index] = values[index].Bits;
                }

                return FeatureValue.FromInt64List(integers);
            default:
                var numbers = new double[values.Length];
                for (var index = 0; index < numbers.Length; index++)
                {
                    numbers[index] = BitConverter.Int64BitsToDouble(values[index].Bits);
                }

                return FeatureValue.FromFloat64List(numbers);
        }
    }

    /// <summary>One value for all that count as equal: every NaN, and the two zeros.</summary>
    public WindowValue Canonical(FeatureType columnType)
    {
        if (columnType != FeatureType.Float64)
        {
            return this;
        }

        var number = BitConverter.Int64BitsToDouble(Bits);
        return double.IsNaN(number) ? NaN : number == 0 ? default : this;
    }

    /// <summary>64 well mixed bits of a canonical value: FNV-1a of a string's bytes, and of both the finalizer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).</summary>
    public ulong Hash()
    {
        var hash = unchecked((ulong)Bits);
        if (Text is not null)
        {
            hash = 14695981039346656037;
            foreach (var item in Text)
            {
                hash = unchecked((hash ^ item) * 1099511628211);
            }
        }

        unchecked
        {
            hash += 0x9E3779B97F4A7C15;
            hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
            hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
            return hash ^ (hash >> 31);
        }
    }

    /// <summary>Numbers by value, NaN first; strings by their bytes.</summary>
    public static int Compare(in WindowValue left, in WindowValue right, FeatureType columnType) => columnType switch
    {
        FeatureType.String => left.Text.AsSpan().SequenceCompareTo(right.Text),
        FeatureType.Int64 => left.Bits.CompareTo(right.Bits),
        _ => BitConverter.Int64BitsToDouble(left.Bits).CompareTo(BitConverter.Int64BitsToDouble(right.Bits)),
    };

    public bool Equals(WindowValue other) => Bits == other.Bits && Text.AsSpan().SequenceEqual(other.Text);

    public override bool Equals(object? obj) => obj is WindowValue other && Equals(other);

    public override int GetHashCode()
    {
        if (Text is null)
        {
            return Bits.GetHashCode();
        }

        var hash = default(HashCode);
        hash.AddBytes(Text);
        return hash.ToHashCode();
    }

    public void Write(TileWriter writer)
    {
        if (Text is null)
        {
            writer.WriteInt64(Bits);
        }
        else
        {
            writer.WriteByte((byte)Text.Length);
            writer.Write(Text);
        }
    }

    public static bool TryRead(ref TileReader reader, FeatureType columnType, out WindowValue value)
    {
        value = default;
        if (columnType != FeatureType.String)
        {
            if (!reader.TryReadInt64(out var bits))
            {
                return false;
            }

            value = new WindowValue(bits, null);
            return true;
        }

        if (!reader.TryReadByte(out var length) || !reader.TryRead(length, out var text))
        {
            return false;
        }

        value = new WindowValue(0, text.ToArray());
        return true;
    }
}
