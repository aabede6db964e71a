using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>Tensors between the protocol and the engine. Nothing is copied but BYTES.</summary>
internal static class InferTensors
{
    public static InferenceInput[] ToInputs(IReadOnlyList<WireTensor> tensors)
    {
        var inputs = new InferenceInput[tensors.Count];
        for (var index = 0; index < inputs.Length; index++)
        {
            var tensor = tensors[index];
            inputs[index] = new InferenceInput(tensor.Name, tensor.Datatype, tensor.Shape, tensor.Data);
        }

        return inputs;
    }

    public static WireTensor ToWire(InferenceOutput output) => new(output.Name, output.Tensor.Dtype.ToName(), output.Tensor.Shape.ToArray(), output.Tensor.ToRaw());
}
