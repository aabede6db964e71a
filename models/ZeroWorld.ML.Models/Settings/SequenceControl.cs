namespace ZeroWorld.ML.Models;

/// <summary>An input that the server makes: one element per row, which says what the row's request is to its sequence.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="Input">Name in the model.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Dtype">
/// <see cref="TensorDtype.Int32"/>, <see cref="TensorDtype.Float32"/> or <see cref="TensorDtype.Bool"/>; of <see cref="SequenceControlKind.CorrelationId"/> <see cref="TensorDtype.Int32"/>,
/// <see cref="TensorDtype.UInt32"/>, <see cref="TensorDtype.Int64"/>, <see cref="TensorDtype.UInt64"/> or <see cref="TensorDtype.Bytes"/>.
/// </param>
/// <param name="FalseValue">Its element where that does not hold; 0 or 1 of a bool.</param>
/// <param name="TrueValue">Its element where that holds.</param>
public sealed record SequenceControl(string Input, SequenceControlKind Kind, TensorDtype Dtype, double FalseValue = 0, double TrueValue = 1);
