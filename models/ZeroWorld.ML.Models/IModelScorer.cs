namespace ZeroWorld.ML.Models;

/// <summary>Runs a package's model over rows of features: for golden samples, evaluation gates and parity checks.</summary>
public interface IModelScorer
{
    /// <param name="package">The package.</param>
    /// <param name="features">Row-major [rows, columns], in the order of the manifest's only feature input.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="output">Name of the output, as the manifest calls it; one float32 per row.</param>
    Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken);

    /// <param name="package">The package.</param>
    /// <param name="inputs">Every input tensor by name, all with as many rows.</param>
    /// <param name="output">Name of the output, as the manifest calls it; one float32 per row.</param>
    Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken);
}
