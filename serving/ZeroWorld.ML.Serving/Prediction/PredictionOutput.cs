namespace ZeroWorld.ML.Serving;

/// <summary>One output of a prediction.</summary>
/// <param name="Name">What the manifest calls it.</param>
/// <param name="Tensor">All rows: [rows, ...].</param>
public readonly record struct PredictionOutput(string Name, TensorBuffer Tensor)
{
    /// <summary>Elements per row; 1 for a score.</summary>
    public int ElementsPerRow => Tensor.Rows == 0 ? 0 : Tensor.ElementCount / Tensor.Rows;
}
