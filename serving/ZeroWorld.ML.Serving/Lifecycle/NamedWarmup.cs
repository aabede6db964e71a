using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Makes the requests that a model's settings want made of it before its first one.</summary>
internal static class NamedWarmup
{
    private const int Seed = 1;

    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the sample does not fit the model, or fails on it; the sentence names it.</exception>
    public static void Run(LoadedModel model, WarmupSample sample)
    {
        var modelName = model.Package.Manifest.Name;
        var inputs = MakeInputs(model, modelName, sample);
        try
        {
            for (var run = 0; run < sample.Runs; run++)
            {
                model.Instance.Run(inputs);
            }
        }
        catch (ServingException exception) when (exception.Error is ServingError.BackendFailed)
        {
            throw Refuse(modelName, sample, $"fails: {exception.Message.TrimEnd('.')}", exception);
        }
    }

    private static TensorBuffer[] MakeInputs(LoadedModel model, string modelName, WarmupSample sample)
    {
        var signature = model.Instance.Signature;
        if (sample.Inputs.FirstOrDefault(given => signature.Inputs.All(spec => spec.Name != given.Tensor.Name)) is { } unknown)
        {
            throw Refuse(modelName, sample, $"has the input '{unknown.Tensor.Name}', which the model does not have");
        }

        var random = new Random(Seed);
        var inputs = new TensorBuffer[signature.Inputs.Count];
        for (var index = 0; index < inputs.Length; index++)
        {
            var spec = signature.Inputs[index];
            if (sample.Inputs.FirstOrDefault(given => given.Tensor.Name == spec.Name) is { } given)
            {
                inputs[index] = Make(spec, signature.IsBatchable, modelName, sample, given, random);
            }
            else if (model.Sequences?.FindFirst(index) is { } made)
            {
                inputs[index] = made;
            }
            else if (!spec.IsOptional)
            {
                throw Refuse(modelName, sample, $"lacks the input '{spec.Name}'");
            }
        }

        return signature.IsBatchable && sample.Rows > 1 ? ModelWarmup.Repeat(inputs, sample.Rows) : inputs;
    }

    private static TensorBuffer Make(TensorSpec spec, bool hasRows, string modelName, WarmupSample sample, WarmupTensor given, Random random)
    {
        long[] shape = hasRows ? [1, .. given.Tensor.Shape] : [.. given.Tensor.Shape];
        var fits = spec.IsAnyRank || (shape.Length == spec.Shape.Count && shape.Zip(spec.Shape).All(static pair => pair.Second == -1 || pair.First == pair.Second));
        if (given.Tensor.Dtype != spec.Dtype || !fits || !TensorShape.TryCountElements(shape, out var count) || (long)count * Math.Max(spec.Dtype.Width(), 1) > Array.MaxLength)
        {
            throw Refuse(modelName, sample, $"has the input '{spec.Name}' as {given.Tensor.Dtype.ToName()} {TensorShape.ToText(shape)}; expected {spec.Dtype.ToName()} {TensorShape.ToText(spec.Shape)}");
        }

        if (given.File is { } path)
        {
            return ReadFile(spec, shape, modelName, sample, path);
        }

        // Strings are empty in both cases, as they are in Triton.
        return spec.Dtype == TensorDtype.Bytes ? TensorBuffer.OfStrings(shape, Enumerable.Repeat<byte[]>([], count).ToArray())
            : !given.IsRandom ? TensorBuffer.Of(spec.Dtype, shape, new byte[count * spec.Dtype.Width()])
            : MakeRandom(spec.Dtype, shape, count, random);
    }

    private static TensorBuffer MakeRandom(TensorDtype dtype, long[] shape, int count, Random random)
    {
        var isBroken = dtype is TensorDtype.Float32 or TensorDtype.Float64 or TensorDtype.Float16;
        var values = new double[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = isBroken ? random.NextDouble() : random.Next(2);
        }

        // BF16 is the upper half of FP32.
        return dtype == TensorDtype.BFloat16
            ? TensorBuffer.Of(dtype, shape, values.SelectMany(static value => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits((float)value) >> 16))).ToArray())
            : TensorElements.FromDoubles(dtype, shape, values)!;
    }

    private static TensorBuffer ReadFile(TensorSpec spec, long[] shape, string modelName, WarmupSample sample, string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            var bytes = length <= Array.MaxLength ? File.ReadAllBytes(path) : throw Refuse(modelName, sample, $"has a file of {length} bytes for the input '{spec.Name}'; expected at most {Array.MaxLength}");
            return spec.Dtype == TensorDtype.Bytes ? TensorBuffer.OfPacked(shape, bytes) : TensorBuffer.Of(spec.Dtype, shape, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Refuse(modelName, sample, $"has the file '{Path.GetFileName(path)}' for the input '{spec.Name}', which cannot be taken: {exception.Message.TrimEnd('.')}", exception);
        }
    }

    private static ServingException Refuse(string modelName, WarmupSample sample, string clause, Exception? inner = null) =>
        new(ServingError.ModelRefused, $"The model_warmup '{sample.Name}' of the model '{modelName}' {clause}.", inner);
}
