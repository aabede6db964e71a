using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation.Tests;

/// <summary>Two labels, the first for sure: no trained model scores so.</summary>
internal sealed class ConstantScorer : ISparseScorer
{
    public Task<IReadOnlyList<float[]>> ScoreAsync(ModelPackage package, IReadOnlyList<SparseBatch> batches, string output, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<float[]>>([.. batches.Select(static batch => Enumerable.Range(0, batch.Rows).SelectMany(static _ => (float[])[1f, 0f]).ToArray())]);
}
