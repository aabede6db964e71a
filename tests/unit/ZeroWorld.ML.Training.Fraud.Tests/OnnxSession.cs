using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud.Tests;

/// <summary>Plain ONNX Runtime, apart from everything that serves in the project.</summary>
internal sealed class OnnxSession(string path) : IModelScorer, IDisposable
{
    private readonly InferenceSession _session = new(path);

    internal float[] Score(ReadOnlyMemory<float> features, int rows)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(features.ToArray(), [rows, features.Length / rows]);
        using var options = new RunOptions();
        using var outputs = _session.Run(options, ["features"], [input], ["probability"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken) =>
        Task.FromResult(Score(features, rows));

    public void Dispose() => _session.Dispose();
}
