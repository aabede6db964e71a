namespace ZeroWorld.ML.Models;

/// <summary>The golden samples of a package (golden.json).</summary>
public static class GoldenSamples
{
    internal const int SamplesMax = 10_000;
    internal const long BytesMax = 64L << 20;

    /// <summary>Reads the samples and checks them against the manifest: every input there, shapes that fit, as many elements as the shape says.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>; the message names sample and tensor.</exception>
    public static async Task<IReadOnlyList<GoldenSample>> ReadAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        if (package.Manifest.Golden is not { File: var file })
        {
            return [];
        }

        var bytes = await PackageJson.ReadFileAsync(package.Directory, file, BytesMax, cancellationToken).ConfigureAwait(false);
        var samples = PackageJson.Read(bytes, PackageJsonContext.Default.GoldenFile, file).Samples;
        Check(samples, package.Manifest.GetSignature(), file);
        return samples;
    }

    internal static void Check(IReadOnlyList<GoldenSample> samples, ModelSignature signature, string file)
    {
        if (samples.Count is 0 or > SamplesMax)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"{file} holds {samples.Count} golden samples; expected 1 to {SamplesMax}.");
        }

        for (var index = 0; index < samples.Count; index++)
        {
            if (FindProblem(samples[index], signature) is { } problem)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"{file} is not valid: sample {index} {problem}.");
            }
        }
    }

    private static string? FindProblem(GoldenSample? sample, ModelSignature signature)
    {
        if (sample is null)
        {
            return "is null";
        }

        if (signature.Inputs.FirstOrDefault(spec => !sample.Inputs.ContainsKey(spec.Name)) is { } missing)
        {
            return $"lacks the input '{missing.Name}'";
        }

        if (sample.Outputs.Count == 0)
        {
            return "has no output";
        }

        var rows = -1L;
        foreach (var (name, tensor) in sample.Inputs.Concat(sample.Outputs))
        {
            var isInput = sample.Inputs.TryGetValue(name, out var input) && ReferenceEquals(input, tensor);
            var spec = (isInput ? signature.Inputs : signature.Outputs).FirstOrDefault(candidate => candidate.Name == name);
            if (spec is null)
            {
                return $"has the {(isInput ? "input" : "output")} '{name}', which the manifest does not declare";
            }

            if (FindProblem(tensor, spec, isInput) is { } problem)
            {
                return $"has the tensor '{name}', which {problem}";
            }

            if (rows >= 0 && tensor.Shape[0] != rows)
            {
                return $"has {tensor.Shape[0]} rows in '{name}' and {rows} in another tensor";
            }

            rows = tensor.Shape[0];
        }

        return null;
    }

    private static string? FindProblem(GoldenTensor? tensor, TensorSpec spec, bool isInput)
    {
        if (tensor is null)
        {
            return "is null";
        }

        var isText = spec.Dtype == TensorDtype.Bytes;
        if (isText && !isInput)
        {
            return "is an output of BYTES; golden samples compare numbers only";
        }

        if (isText != (tensor.Texts is not null) || (isText && (tensor.Data.Count > 0 || tensor.Texts!.Any(static text => text is null))))
        {
            return $"is of {spec.Dtype.ToName()}; expected {(isText ? "texts and no data" : "data and no texts")}";
        }

        var fits = tensor.Shape.Count == spec.Shape.Count
            && tensor.Shape.Zip(spec.Shape).All(static pair => pair.First >= 0 && (pair.Second == -1 || pair.Second == pair.First));
        var shape = $"[{string.Join(", ", tensor.Shape)}]";
        if (!fits)
        {
            return $"has the shape {shape}; expected {spec}";
        }

        // As a double, a product beyond 64 bits is too large instead of wrong.
        var elements = tensor.Shape.Aggregate(1.0, static (product, size) => product * size);
        var count = tensor.Texts?.Count ?? tensor.Data.Count;
        if (elements != count)
        {
            return $"has {count} elements; its shape {shape} holds {elements}";
        }

        var isWhole = spec.Dtype is not (TensorDtype.Float16 or TensorDtype.BFloat16 or TensorDtype.Float32 or TensorDtype.Float64);
        return isWhole && tensor.Data.Any(static value => !double.IsInteger(value))
            ? $"has the element {tensor.Data.First(static value => !double.IsInteger(value))}; expected whole numbers for {spec.Dtype.ToName()}"
            : null;
    }
}
