namespace ZeroWorld.ML.Models.Onnx;

/// <summary>An input or output as the file declares it.</summary>
/// <param name="Name">Name in the graph.</param>
/// <param name="Type">In words, for messages: <c>float</c>, <c>float8e4m3fn</c>, <c>sequence</c>...</param>
/// <param name="Dtype"><see langword="null"/> for what is no tensor and for element types that the Open Inference Protocol does not name.</param>
/// <param name="Shape">-1 for symbolic or unknown sizes; <see langword="null"/> where not even the number of dimensions is declared.</param>
public sealed record OnnxValue(string Name, string Type, TensorDtype? Dtype, IReadOnlyList<long>? Shape)
{
    internal TensorSpec ToTensorSpec(string kind)
    {
        if (Dtype is not { } dtype)
        {
            throw new RegistryException(
                RegistryError.InvalidInput, $"The {kind} '{Name}' has the type {Type}, which cannot be served; expected a tensor of {TensorDtypes.Expected}.");
        }

        return Shape is not null
            ? new TensorSpec(Name, dtype, Shape)
            : throw new RegistryException(RegistryError.InvalidInput, $"The {kind} '{Name}' declares no shape; export the model with shapes, -1 or a name for any size.");
    }
}
