using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Scores rows with the runtimes of this process.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class ModelScorer : IModelScorer
{
    public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
