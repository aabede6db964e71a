using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
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

    public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken) =>
        Task.FromResult(Score(inputs));

    internal float[] Score(IReadOnlyDictionary<string, GoldenTensor> inputs)
    {
        NamedOnnxValue[] values =
        [
            .. inputs.Select(input => input.Value.Texts is { } texts
                ? NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<string>(texts.ToArray(), Dimensions(input.Value)))
                : _session.InputMetadata[input.Key].ElementType == typeof(double)
                ? NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<double>(input.Value.Data.ToArray(), Dimensions(input.Value)))
                : NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<float>(input.Value.Data.Select(static value => (float)value).ToArray(), Dimensions(input.Value)))),
        ];
        using var results = _session.Run(values, ["probability"]);
        return [.. results[0].AsEnumerable<float>()];
    }

    private static int[] Dimensions(GoldenTensor tensor) => [.. tensor.Shape.Select(static size => (int)size)];

    public void Dispose() => _session.Dispose();
}
