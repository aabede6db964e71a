namespace ZeroWorld.ML.Models;

/// <summary>Names and widths of <see cref="TensorDtype"/>.</summary>
public static class TensorDtypes
{
    private static readonly string[] Names =
        ["", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "BF16", "FP32", "FP64", "BYTES"];

    /// <summary>The name that the protocol and manifests use: <c>FP32</c>, <c>INT64</c>, <c>BYTES</c>...</summary>
    public static string ToName(this TensorDtype dtype) => Names[(int)dtype];

    /// <summary>Bytes of one element; 0 for <see cref="TensorDtype.Bytes"/>, whose elements have no fixed width.</summary>
    public static int Width(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool or TensorDtype.UInt8 or TensorDtype.Int8 => 1,
        TensorDtype.UInt16 or TensorDtype.Int16 or TensorDtype.Float16 or TensorDtype.BFloat16 => 2,
        TensorDtype.UInt32 or TensorDtype.Int32 or TensorDtype.Float32 => 4,
        TensorDtype.UInt64 or TensorDtype.Int64 or TensorDtype.Float64 => 8,
        _ => 0,
    };

    /// <returns><see langword="false"/> when no datatype has this name; names are upper case.</returns>
    public static bool TryParse(string? name, out TensorDtype dtype)
    {
        var index = string.IsNullOrEmpty(name) ? -1 : Array.IndexOf(Names, name);
        dtype = (TensorDtype)index;
        return index > 0;
    }

    /// <summary>All names, for messages: what was expected.</summary>
    internal static string Expected => string.Join(", ", Names.Skip(1));
}
