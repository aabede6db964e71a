using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Rows of one input of a model, as its tensor has them.</summary>
/// <param name="Data">Little-endian elements, row-major; of texts a uint32 length and the bytes per element.</param>
/// <param name="Width">Elements of a row.</param>
/// <param name="Ends">Where each row ends in <paramref name="Data"/>; <see langword="null"/>: all rows have as many bytes.</param>
internal readonly record struct InputRows(byte[] Data, int Width, int[]? Ends = null)
{
    /// <summary>The bytes of one row.</summary>
    public ReadOnlySpan<byte> RowOf(FeatureInput input, int row)
    {
        var bytes = Width * input.Dtype.Width();
        var start = Ends is null ? row * bytes : row == 0 ? 0 : Ends[row - 1];
        return Data.AsSpan(start, Ends is null ? bytes : Ends[row] - start);
    }
}
