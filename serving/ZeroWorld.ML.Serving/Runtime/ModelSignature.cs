namespace ZeroWorld.ML.Serving;

/// <summary>The tensors a loaded model takes and gives, as its file says.</summary>
/// <param name="Inputs">In the order in which <see cref="IModelInstance.Run"/> takes them.</param>
/// <param name="Outputs">In the order in which <see cref="IModelInstance.Run"/> gives them.</param>
public sealed record ModelSignature(IReadOnlyList<TensorSpec> Inputs, IReadOnlyList<TensorSpec> Outputs)
{
    /// <summary>Whether rows of several requests may share one run: every tensor has a row axis.</summary>
    public bool IsBatchable => Inputs.Count > 0 && Inputs.All(static spec => spec.HasRowAxis) && Outputs.All(static spec => spec.HasRowAxis);
}
