using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Scores sparse rows with the runtimes of this process.</summary>
/// <remarks>Thread safe. Each call opens the package once and closes it.</remarks>
internal sealed class SparseScorer(PackageLoader packages) : ISparseScorer
{
    public Task<IReadOnlyList<float[]>> ScoreAsync(ModelPackage package, IReadOnlyList<SparseBatch> batches, string output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(batches);
        return Task.Run<IReadOnlyList<float[]>>(() => Score(package, batches, output, cancellationToken), cancellationToken);
    }

    private List<float[]> Score(ModelPackage package, IReadOnlyList<SparseBatch> batches, string output, CancellationToken cancellationToken)
    {
        if (package.Manifest.Inputs is not [{ Dtype: "INT64" } ids, { Dtype: "FP32" } weights] || package.Manifest.Outputs.FirstOrDefault(item => item.Name == output) is not { Dtype: "FP32" } wanted)
        {
            throw new RegistryException(
                RegistryError.InvalidInput,
                $"Model '{package.Manifest.Name}' cannot score sparse rows: expected an input of INT64, one of FP32, and an output '{output}' of FP32.");
        }

        try
        {
            using var memory = packages.Reserve(package);
            using var instance = packages.GetRuntime(package.Manifest).Open(package, memory.Device.ToString());
            var position = InferenceInputs.IndexOf(instance.Signature.Outputs, wanted.Tensor);
            if (position < 0 || InferenceInputs.IndexOf(instance.Signature.Inputs, ids.Tensor) is not (>= 0 and var idsAt) || InferenceInputs.IndexOf(instance.Signature.Inputs, weights.Tensor) is not (>= 0 and var weightsAt))
            {
                throw new RegistryException(RegistryError.Refused, $"The model file of '{package.Manifest.Name}' does not have the tensors that its manifest declares.");
            }

            var results = new List<float[]>(batches.Count);
            var inputs = new TensorBuffer[2];
            foreach (var batch in batches)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long[] shape = [batch.Rows, batch.Width];
                inputs[idsAt] = TensorBuffer.Of(TensorDtype.Int64, shape, MemoryMarshal.AsBytes(batch.Ids.AsSpan()).ToArray());
                inputs[weightsAt] = TensorBuffer.OfFloat32(shape, batch.Weights);
                results.Add(MemoryMarshal.Cast<byte, float>(instance.Run(inputs)[position].Data.Span).ToArray());
            }

            return results;
        }
        catch (ServingException exception)
        {
            throw new RegistryException(RegistryError.Refused, exception.Message, exception);
        }
    }
}
