using System.Collections.Frozen;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>Datatypes of the Open Inference Protocol.</summary>
public static class TensorDatatype
{
    public const string Bool = "BOOL";
    public const string Int8 = "INT8";
    public const string Int16 = "INT16";
    public const string Int32 = "INT32";
    public const string Int64 = "INT64";
    public const string UInt8 = "UINT8";
    public const string UInt16 = "UINT16";
    public const string UInt32 = "UINT32";
    public const string UInt64 = "UINT64";
    public const string Float16 = "FP16";
    public const string BFloat16 = "BF16";
    public const string Float32 = "FP32";
    public const string Float64 = "FP64";
    public const string Bytes = "BYTES";

    private static readonly FrozenDictionary<string, int> Widths = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [Bool] = 1, [Int8] = 1, [Int16] = 2, [Int32] = 4, [Int64] = 8, [UInt8] = 1, [UInt16] = 2, [UInt32] = 4, [UInt64] = 8,
        [Float16] = 2, [BFloat16] = 2, [Float32] = 4, [Float64] = 8, [Bytes] = 0,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Bytes of one element; 0 for BYTES, whose elements differ.</summary>
    /// <returns><see langword="false"/> when the protocol has no such datatype.</returns>
    public static bool TryGetWidth(string datatype, out int widthBytes) => Widths.TryGetValue(datatype, out widthBytes);

    internal static string Names { get; } = string.Join(", ", Widths.Keys.Order(StringComparer.Ordinal));
}
