using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A model whose tensors have other shapes towards callers than in its file, as its settings say. Only shapes change: the elements stay where they are.</summary>
/// <remarks>Owns the instance in it. Not thread safe, as that is not.</remarks>
internal sealed class ReshapedInstance : IModelInstance
{
    private readonly IModelInstance _inner;
    private readonly ModelSettings _settings;
    private readonly TensorReshape?[] _inputs;
    private readonly TensorReshape?[] _outputs;

    private ReshapedInstance(IModelInstance inner, ModelSettings settings)
    {
        _inner = inner;
        _settings = settings;
        _inputs = [.. inner.Signature.Inputs.Select(spec => settings.InputReshapes.GetValueOrDefault(spec.Name))];
        _outputs = [.. inner.Signature.Outputs.Select(spec => settings.OutputReshapes.GetValueOrDefault(spec.Name))];
        Signature = inner.Signature with { Inputs = ToRequest(inner.Signature.Inputs, _inputs), Outputs = ToRequest(inner.Signature.Outputs, _outputs) };
    }

    /// <summary>The instance as callers see it; itself where no tensor has another shape.</summary>
    public static IModelInstance Wrap(IModelInstance instance, ModelSettings settings) =>
        settings.InputReshapes.Count == 0 && settings.OutputReshapes.Count == 0 ? instance : new ReshapedInstance(instance, settings);

    public ModelSignature Signature { get; }

    public string Device => _inner.Device;

    public int BesideMax => _inner.BesideMax;

    public long? DeviceMemoryBytes => _inner.DeviceMemoryBytes;

    public IModelInstance? TryShare() => _inner.TryShare() is { } shared ? new ReshapedInstance(shared, _settings) : null;

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs) => ToAnswer(_inner.Run(ToModel(inputs)));

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory) => ToAnswer(_inner.Run(ToModel(inputs), memory));

    public void Dispose() => _inner.Dispose();

    private static TensorSpec[] ToRequest(IReadOnlyList<TensorSpec> tensors, TensorReshape?[] reshapes) =>
        [.. tensors.Select((spec, index) => reshapes[index] is { } reshape ? spec with { Shape = reshape.Request, IsAnyRank = false } : spec)];

    private TensorBuffer[] ToModel(ReadOnlySpan<TensorBuffer> inputs)
    {
        var reshaped = inputs.ToArray();
        for (var index = 0; index < reshaped.Length; index++)
        {
            if (_inputs[index] is { } reshape && reshaped[index] is { } input)
            {
                reshaped[index] = input.Reshape(reshape.ToModel(input.Shape)
                    ?? throw new ServingException(ServingError.BackendFailed, $"The input '{Signature.Inputs[index].Name}' came to the model as {TensorShape.ToText(input.Shape.ToArray())}; expected {TensorShape.ToText(reshape.Request)}."));
            }
        }

        return reshaped;
    }

    private TensorBuffer[] ToAnswer(TensorBuffer[] outputs)
    {
        for (var index = 0; index < outputs.Length; index++)
        {
            if (_outputs[index] is { } reshape)
            {
                outputs[index] = outputs[index].Reshape(reshape.ToRequest(outputs[index].Shape)
                    ?? throw new ServingException(
                        ServingError.BackendFailed, $"The output '{Signature.Outputs[index].Name}' came from the model as {TensorShape.ToText(outputs[index].Shape.ToArray())}; its settings expect {TensorShape.ToText(reshape.Model)}."));
            }
        }

        return outputs;
    }
}
