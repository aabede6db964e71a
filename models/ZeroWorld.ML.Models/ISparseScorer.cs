namespace ZeroWorld.ML.Models;

/// <summary>Runs a package whose inputs are sparse ids and weights: for parity checks of text models.</summary>
public interface ISparseScorer
{
    /// <param name="package">Its first input takes INT64 ids, its second FP32 weights, both [rows, width].</param>
    /// <param name="output">Name of the FP32 output, as the manifest calls it.</param>
    /// <returns>Per batch the output's elements, row-major.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.Refused"/>.</exception>
    Task<IReadOnlyList<float[]>> ScoreAsync(ModelPackage package, IReadOnlyList<SparseBatch> batches, string output, CancellationToken cancellationToken);
}
