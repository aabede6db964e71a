namespace ZeroWorld.ML.Models;

/// <summary>Rows of sparse features as tensors.</summary>
/// <param name="Ids">[rows, width], row-major; filled up with 0.</param>
/// <param name="Weights">[rows, width], row-major; filled up with 0.</param>
/// <param name="Rows">1 or more.</param>
/// <param name="Width">Features of the longest row, 1 or more.</param>
public sealed record SparseBatch(long[] Ids, float[] Weights, int Rows, int Width);
