using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Runs golden samples and compares what comes out.</summary>
internal static class GoldenCheck
{
    /// <summary>Runs every sample once: what a model does on its first run (allocations, kernels) is done before the first request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public static void Run(LoadedModel model)
    {
        foreach (var sample in model.Golden)
        {
            model.Instance.Run(ToInputs(model.Instance.Signature, sample));
        }
    }

    /// <returns>A sentence about the first element that is out of tolerance, or <see langword="null"/>.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public static string? FindDifference(LoadedModel model)
    {
        if (model.Package.Manifest.Golden is not { } golden)
        {
            return null;
        }

        for (var index = 0; index < model.Golden.Count; index++)
        {
            var sample = model.Golden[index];
            var signature = model.Instance.Signature;
            var outputs = model.Instance.Run(ToInputs(signature, sample));
            foreach (var (name, expected) in sample.Outputs)
            {
                var position = IndexOf(signature.Outputs, name);
                if (position < 0)
                {
                    return $"Golden sample {index} expects the output '{name}', which the model file does not have.";
                }

                if (Compare(outputs[position], expected, golden) is { } difference)
                {
                    return $"Golden sample {index}, output '{name}': {difference}";
                }
            }
        }

        return null;
    }

    private static string? Compare(TensorBuffer got, GoldenTensor expected, GoldenReference tolerance)
    {
        if (!got.Shape.SequenceEqual([.. expected.Shape]))
        {
            return $"the model gives the shape {TensorShape.ToText([.. got.Shape])}; expected {TensorShape.ToText(expected.Shape)}.";
        }

        for (var index = 0; index < expected.Data.Count; index++)
        {
            var value = TensorElements.ToDouble(got, index);
            var wanted = expected.Data[index];

            if (!tolerance.IsWithin(wanted, value))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"element {index} is {value:R}; expected {wanted:R} within {tolerance.AbsoluteTolerance:R} + {tolerance.RelativeTolerance:R} x |expected|.");
            }
        }

        return null;
    }

    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the sample does not fit the signature.</exception>
    public static TensorBuffer[] ToInputs(ModelSignature signature, GoldenSample sample)
    {
        var inputs = new TensorBuffer[signature.Inputs.Count];
        for (var index = 0; index < inputs.Length; index++)
        {
            var spec = signature.Inputs[index];
            if (!sample.Inputs.TryGetValue(spec.Name, out var tensor))
            {
                throw new ServingException(ServingError.ModelRefused, $"A golden sample has no input '{spec.Name}', which the model takes.");
            }

            inputs[index] = TensorElements.FromGolden(spec.Dtype, tensor)
                ?? throw new ServingException(
                    ServingError.ModelRefused,
                    $"The golden input '{spec.Name}' of {tensor.Texts?.Count ?? tensor.Data.Count} elements does not make a {spec.Dtype.ToName()} tensor of shape {TensorShape.ToText(tensor.Shape)}.");
        }

        return inputs;
    }

    private static int IndexOf(IReadOnlyList<TensorSpec> specs, string name)
    {
        for (var index = 0; index < specs.Count; index++)
        {
            if (specs[index].Name == name)
            {
                return index;
            }
        }

        return -1;
    }
}
