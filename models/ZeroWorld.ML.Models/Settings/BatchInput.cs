namespace ZeroWorld.ML.Models;

/// <summary>An input that no request has: the server makes it from how the elements of another, ragged one are spread over the requests of a run.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="Kind">What it tells.</param>
/// <param name="Name">Name in the model.</param>
/// <param name="Dtype"><see cref="TensorDtype.Int32"/> or <see cref="TensorDtype.Float32"/>.</param>
/// <param name="Source">The ragged input.</param>
public sealed record BatchInput(BatchInputKind Kind, string Name, TensorDtype Dtype, string Source);
