namespace ZeroWorld.ML.Models.Onnx;

/// <summary>What an ONNX file says about itself, without its weights.</summary>
public sealed record OnnxModel
{
    public required long IrVersion { get; init; }

    /// <value>Operator set (empty for the standard's own) to version.</value>
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }

    /// <value>Without those that are initializers with a default.</value>
    public required IReadOnlyList<OnnxValue> Inputs { get; init; }

    public required IReadOnlyList<OnnxValue> Outputs { get; init; }

    /// <value>Free text properties of the file.</value>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <value>Every operator that a node uses, subgraphs and functions included: <c>Div</c>, <c>ai.onnx.ml:TreeEnsembleRegressor</c>. Sorted.</value>
    public required IReadOnlyList<string> Operators { get; init; }

    /// <value>Files that hold weights, relative to the model's folder, with <c>/</c>. Each exists and is long enough. Sorted.</value>
    public required IReadOnlyList<string> ExternalFiles { get; init; }

    /// <summary>Inputs and outputs as tensors of the Open Inference Protocol.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: one is a sequence or map, has an element type without a name there, or no shape.</exception>
    public ModelSignature GetSignature() =>
        new([.. Inputs.Select(static value => value.ToTensorSpec("input"))], [.. Outputs.Select(static value => value.ToTensorSpec("output"))]);
}
