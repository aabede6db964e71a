using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation.Tests;

/// <summary>ONNX Runtime itself: the oracle for exported graphs.</summary>
internal sealed class OnnxSparseScorer : ISparseScorer
{
    public Task<IReadOnlyList<float[]>> ScoreAsync(ModelPackage package, IReadOnlyList<SparseBatch> batches, string output, CancellationToken cancellationToken)
    {
        using var session = new InferenceSession(package.ModelPath);
        using var options = new RunOptions();
        var results = new List<float[]>();
        foreach (var batch in batches)
        {
            using var ids = OrtValue.CreateTensorValueFromMemory(batch.Ids, [batch.Rows, batch.Width]);
            using var weights = OrtValue.CreateTensorValueFromMemory(batch.Weights, [batch.Rows, batch.Width]);
            using var outputs = session.Run(options, ["ids", "weights"], [ids, weights], [output]);
            results.Add(outputs[0].GetTensorDataAsSpan<float>().ToArray());
        }

        return Task.FromResult<IReadOnlyList<float[]>>(results);
    }
}
