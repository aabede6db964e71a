using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A model whose tensors have other shapes towards callers than in its file, as its settings say. Only shapes change: the elements stay where they are.</summary>
internal sealed class ReshapedInstance : InstanceWrapper
{
    private readonly ModelSettings _settings;
    private readonly TensorReshape?[] _inputs;
    private readonly TensorReshape?[] _outputs;

    private ReshapedInstance(IModelInstance inner, ModelSettings settings)
        : base(inner)
    {
        _settings = settings;
        _inputs = [.. inner.Signature.Inputs.Select(spec => settings.InputReshapes.GetValueOrDefault(spec.Name))];
        _outputs = [.. inner.Signature.Outputs.Select(spec => settings.OutputReshapes.GetValueOrDefault(spec.Name))];
        Signature = inner.Signature with { Inputs = ToRequest(inner.Signature.Inputs, _inputs), Outputs = ToRequest(inner.Signature.Outputs, _outputs) };
    }

    /// <summary>The instance as callers see it; itself where no tensor has another shape.</summary>
    public static IModelInstance Wrap(IModelInstance instance, ModelSettings settings) =>
        settings.InputReshapes.Count == 0 && settings.OutputReshapes.Count == 0 ? instance : new ReshapedInstance(instance, settings);

    public override ModelSignature Signature { get; }

    protected override IModelInstance Wrap(IModelInstance instance) => new ReshapedInstance(instance, _settings);

    protected override TensorBuffer[] ToModel(ReadOnlySpan<TensorBuffer> inputs)
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

    protected override TensorBuffer[] ToAnswer(TensorBuffer[] outputs, ReadOnlySpan<TensorBuffer> inputs)
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

    private static TensorSpec[] ToRequest(IReadOnlyList<TensorSpec> tensors, TensorReshape?[] reshapes) =>
        [.. tensors.Select((spec, index) => reshapes[index] is { } reshape ? spec with { Shape = reshape.Request, IsAnyRank = false } : spec)];
}
