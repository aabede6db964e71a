namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What a column of a log file is in Parquet's terms.</summary>
/// <param name="Type">Its physical type: <see cref="Boolean"/> and so on.</param>
/// <param name="IsText">Whether its bytes are UTF-8.</param>
/// <param name="IsList">Whether a row has a list of values, or none.</param>
/// <param name="IsNullable">Whether a value, of a list an element, may be null.</param>
/// <remarks>
/// Levels after the Dremel paper (Melnik et al., 2010), as the Parquet format uses them. Of a list: 0 there is none, 1 an empty one, 2 an element that is null (or, where elements cannot be, one that is there), 3 an element.
/// </remarks>
internal readonly record struct SinkLeaf(int Type, bool IsText, bool IsList, bool IsNullable)
{
    public const int Boolean = 0;
    public const int Int32 = 1;
    public const int Int64 = 2;
    public const int Double = 5;
    public const int ByteArray = 6;

    /// <summary>Bits of a definition level; 0: there are none.</summary>
    public int DefinitionWidth => IsList ? 2 : IsNullable ? 1 : 0;

    /// <summary>The level of an element that is there.</summary>
    public int Present => IsList ? IsNullable ? 3 : 2 : 1;

    public static SinkLeaf Of<T>(bool isList) => new(TypeOf<T>(), typeof(T) == typeof(string), isList, typeof(T) == typeof(string) || (isList && (typeof(T) == typeof(double) || typeof(T) == typeof(long))));

    private static int TypeOf<T>() => typeof(T) == typeof(bool) ? Boolean
        : typeof(T) == typeof(int) ? Int32
        : typeof(T) == typeof(long) ? Int64
        : typeof(T) == typeof(double) ? Double
        : ByteArray;
}
