using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Scores rows with the runtimes of this process: a package that need not be registered, without its feature service.</summary>
/// <remarks>Thread safe. Each call opens the package and closes it.</remarks>
public sealed class ModelScorer : IModelScorer
{
    // Bounds what the activations of one run take.
    private const int RowsPerRun = 4096;
    private readonly PackageLoader _packages;

    internal ModelScorer(PackageLoader packages) => _packages = packages;

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.Refused"/>.</exception>
    public Task<float[]> ScoreAsync(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        return Task.Run(() => Score(package, features, rows, output, cancellationToken), cancellationToken);
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>, <see cref="RegistryError.Refused"/>.</exception>
    public Task<float[]> ScoreAsync(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(inputs);
        return Task.Run(() => Score(package, inputs, output, cancellationToken), cancellationToken);
    }

    private float[] Score(ModelPackage package, IReadOnlyDictionary<string, GoldenTensor> inputs, string output, CancellationToken cancellationToken)
    {
        var wanted = package.Manifest.Outputs.FirstOrDefault(item => item.Name == output && item.Dtype == "FP32")
            ?? throw new RegistryException(RegistryError.InvalidInput, $"Model '{package.Manifest.Name}' has no output '{output}' of FP32.");
        try
        {
            using var memory = _packages.Reserve(package);
            using var instance = _packages.GetRuntime(package.Manifest).Open(package, memory.Device.ToString());
            var position = InferenceInputs.IndexOf(instance.Signature.Outputs, wanted.Tensor);
            if (position < 0)
            {
                throw new RegistryException(RegistryError.Refused, $"The model file of '{package.Manifest.Name}' does not have the tensors that its manifest declares.");
            }

            var whole = GoldenCheck.ToInputs(instance.Signature, new GoldenSample(inputs, new Dictionary<string, GoldenTensor>()));
            var rows = whole[0].Rows;
            var scores = new float[rows];
            for (var start = 0; start < rows; start += RowsPerRun)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(RowsPerRun, rows - start);
                var result = instance.Run([.. whole.Select(tensor => tensor.SliceRows(start, count))])[position];
                MemoryMarshal.Cast<byte, float>(result.Data.Span)[..count].CopyTo(scores.AsSpan(start));
            }

            return scores;
        }
        catch (ServingException exception)
        {
            throw new RegistryException(RegistryError.Refused, exception.Message, exception);
        }
    }

    private float[] Score(ModelPackage package, ReadOnlyMemory<float> features, int rows, string output, CancellationToken cancellationToken)
    {
        if (package.Manifest.Inputs is not [{ Dtype: "FP32" } input] || package.Manifest.Outputs.FirstOrDefault(item => item.Name == output) is not { Dtype: "FP32" } wanted)
        {
            throw new RegistryException(
                RegistryError.InvalidInput,
                $"Model '{package.Manifest.Name}' cannot score rows of features: expected one input of FP32 and an output '{output}' of FP32.");
        }

        var columns = input.Features.Count > 0 || input.Shape.Count != 2 ? input.Features.Count : (int)input.Shape[1];
        if ((long)rows * columns != features.Length)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"There are {features.Length} feature values; expected {rows} rows of {columns}.");
        }

        try
        {
            using var memory = _packages.Reserve(package);
            using var instance = _packages.GetRuntime(package.Manifest).Open(package, memory.Device.ToString());
            var position = InferenceInputs.IndexOf(instance.Signature.Outputs, wanted.Tensor);
            if (position < 0 || instance.Signature.Inputs is not [{ } only] || only.Name != input.Tensor)
            {
                throw new RegistryException(RegistryError.Refused, $"The model file of '{package.Manifest.Name}' does not have the tensors that its manifest declares.");
            }

            var scores = new float[rows];
            for (var start = 0; start < rows; start += RowsPerRun)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(RowsPerRun, rows - start);
                var result = instance.Run([TensorBuffer.OfFloat32([count, columns], features.Span.Slice(start * columns, count * columns))])[position];
                if (result.ElementCount != count)
                {
                    throw new RegistryException(RegistryError.Refused, $"The output '{output}' has {result.ElementCount} elements for {count} rows; expected one per row.");
                }

                MemoryMarshal.Cast<byte, float>(result.Data.Span).CopyTo(scores.AsSpan(start));
            }

            return scores;
        }
        catch (ServingException exception)
        {
            throw new RegistryException(RegistryError.Refused, exception.Message, exception);
        }
    }
}
