using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features;

/// <summary>One typed value or a typed null. NaN is a value, not a null.</summary>
/// <remarks>Immutable and thread safe. Scalars are held by bits: negative zero and NaN payloads survive. The default value has no type and is null.</remarks>
public readonly struct FeatureValue : IEquatable<FeatureValue>
{
    private readonly long _bits;
    private readonly object? _reference;
    private readonly bool _hasValue;

    private FeatureValue(FeatureType type, long bits, object? reference, bool hasValue)
    {
        Type = type;
        _bits = bits;
        _reference = reference;
        _hasValue = hasValue;
    }

    public FeatureType Type { get; }

    public bool IsNull => !_hasValue;

    public static FeatureValue Null(FeatureType type) => new(type, 0, null, false);

    public static FeatureValue FromBool(bool value) => new(FeatureType.Bool, value ? 1 : 0, null, true);

    public static FeatureValue FromInt64(long value) => new(FeatureType.Int64, value, null, true);

    public static FeatureValue FromFloat32(float value) => new(FeatureType.Float32, BitConverter.SingleToInt32Bits(value), null, true);

    public static FeatureValue FromFloat64(double value) => new(FeatureType.Float64, BitConverter.DoubleToInt64Bits(value), null, true);

    public static FeatureValue FromTimestamp(long microseconds) => new(FeatureType.Timestamp, microseconds, null, true);

    public static FeatureValue FromString(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new FeatureValue(FeatureType.String, 0, value, true);
    }

    /// <summary>Takes ownership of the array: the caller must not write to it afterwards.</summary>
    public static FeatureValue FromBytes(byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new FeatureValue(FeatureType.Bytes, 0, value, true);
    }

    /// <summary>Takes ownership of the array: the caller must not write to it afterwards.</summary>
    public static FeatureValue FromInt64List(long[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new FeatureValue(FeatureType.Int64List, 0, values, true);
    }

    /// <summary>Takes ownership of the array: the caller must not write to it afterwards.</summary>
    public static FeatureValue FromFloat64List(double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new FeatureValue(FeatureType.Float64List, 0, values, true);
    }

    /// <summary>Takes ownership of the array, which holds no null: the caller must not write to it afterwards.</summary>
    public static FeatureValue FromStringList(string[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new FeatureValue(FeatureType.StringList, 0, values, true);
    }

    /// <summary>The value of a bool feature. Only for a value of that type that is not null.</summary>
    public bool AsBool()
    {
        Debug.Assert(Type == FeatureType.Bool && _hasValue);
        return _bits != 0;
    }

    /// <summary>The value of an int64 or timestamp feature. Only for a value of those types that is not null.</summary>
    public long AsInt64()
    {
        Debug.Assert(Type is FeatureType.Int64 or FeatureType.Timestamp && _hasValue);
        return _bits;
    }

    /// <summary>The value of a float64 feature. Only for a value of that type that is not null.</summary>
    public double AsFloat64()
    {
        Debug.Assert(Type == FeatureType.Float64 && _hasValue);
        return BitConverter.Int64BitsToDouble(_bits);
    }

    /// <summary>The value of a float32 feature. Only for a value of that type that is not null.</summary>
    public float AsFloat32()
    {
        Debug.Assert(Type == FeatureType.Float32 && _hasValue);
        return BitConverter.Int32BitsToSingle((int)_bits);
    }

    /// <summary>The value of a string feature. Only for a value of that type that is not null.</summary>
    public string AsString() => (string)_reference!;

    /// <summary>The value of a bytes feature. Only for a value of that type that is not null.</summary>
    public ReadOnlyMemory<byte> AsBytes() => (byte[])_reference!;

    /// <summary>The value of a list of int64. Only for a value of that type that is not null.</summary>
    public ReadOnlySpan<long> AsInt64List() => (long[])_reference!;

    /// <summary>The value of a list of float64. Only for a value of that type that is not null.</summary>
    public ReadOnlySpan<double> AsFloat64List() => (double[])_reference!;

    /// <summary>The value of a list of strings. Only for a value of that type that is not null.</summary>
    public ReadOnlySpan<string> AsStringList() => (string[])_reference!;

    /// <summary>Whether the type is a list.</summary>
    public bool IsList => Type is FeatureType.Int64List or FeatureType.Float64List or FeatureType.StringList;

    /// <summary>Whether the type is bool, int64, float32, float64 or timestamp, so that <see cref="ToDouble"/> has an answer.</summary>
    public bool IsNumeric => Type is FeatureType.Bool or FeatureType.Int64 or FeatureType.Float32 or FeatureType.Float64 or FeatureType.Timestamp;

    /// <summary>The value as float64: bool as 0 or 1; NaN for null and for types that are no number.</summary>
    public double ToDouble() => !_hasValue
        ? double.NaN
        : Type switch
        {
            FeatureType.Bool or FeatureType.Int64 or FeatureType.Timestamp => _bits,
            FeatureType.Float32 => BitConverter.Int32BitsToSingle((int)_bits),
            FeatureType.Float64 => BitConverter.Int64BitsToDouble(_bits),
            _ => double.NaN,
        };

    /// <summary>Equal type and equal bits: NaN equals NaN of the same payload, 0.0 differs from -0.0.</summary>
    public bool Equals(FeatureValue other) =>
        Type == other.Type && _hasValue == other._hasValue && _bits == other._bits && (_reference, other._reference) switch
        {
            (null, null) => true,
            (string left, string right) => string.Equals(left, right, StringComparison.Ordinal),
            (byte[] left, byte[] right) => left.AsSpan().SequenceEqual(right),
            (long[] left, long[] right) => left.AsSpan().SequenceEqual(right),
            (double[] left, double[] right) => MemoryMarshal.AsBytes(left.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(right.AsSpan())),
            (string[] left, string[] right) => left.AsSpan().SequenceEqual(right),
            _ => false,
        };

    public override bool Equals(object? obj) => obj is FeatureValue other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Type, _hasValue, _bits, _reference is Array elements ? elements.Length : _reference?.GetHashCode());

    public override string ToString() => !_hasValue
        ? "null"
        : Type switch
        {
            FeatureType.Bool => _bits != 0 ? "true" : "false",
            FeatureType.Int64 => _bits.ToString(CultureInfo.InvariantCulture),
            FeatureType.Timestamp => UnixMicroseconds.ToText(_bits),
            FeatureType.Float32 => AsFloat32().ToString("R", CultureInfo.InvariantCulture),
            FeatureType.Float64 => AsFloat64().ToString("R", CultureInfo.InvariantCulture),
            FeatureType.String => AsString(),
            FeatureType.Bytes => Convert.ToBase64String(AsBytes().Span),
            FeatureType.Int64List => $"[{string.Join(", ", AsInt64List().ToArray().Select(static value => value.ToString(CultureInfo.InvariantCulture)))}]",
            FeatureType.Float64List => $"[{string.Join(", ", AsFloat64List().ToArray().Select(static value => value.ToString("R", CultureInfo.InvariantCulture)))}]",
            FeatureType.StringList => $"[{string.Join(", ", AsStringList().ToArray())}]",
            _ => "untyped",
        };

    public static bool operator ==(FeatureValue left, FeatureValue right) => left.Equals(right);

    public static bool operator !=(FeatureValue left, FeatureValue right) => !left.Equals(right);
}
