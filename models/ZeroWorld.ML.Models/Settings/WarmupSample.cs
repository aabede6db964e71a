namespace ZeroWorld.ML.Models;

/// <summary>A request that is made of a model before its first one, by whoever wrote the model's settings.</summary>
/// <remarks>Immutable. Equal by reference of the inputs.</remarks>
/// <param name="Name">What messages call it.</param>
/// <param name="Rows">Rows: each input has its data so many times. 1 for a model without a row axis.</param>
/// <param name="Runs">How often it is run. 1 or more.</param>
/// <param name="Inputs">Its inputs.</param>
public sealed record WarmupSample(string Name, int Rows, int Runs, IReadOnlyList<WarmupTensor> Inputs);

/// <summary>One input of a <see cref="WarmupSample"/>.</summary>
/// <param name="Tensor">Name, datatype and the dimensions of one row, without the row axis, as requests have them; none is open.</param>
/// <param name="IsRandom">Whether its elements are random: 0 to 1. Otherwise they are zeros, and empty strings.</param>
/// <param name="File">Full path of a file with the bytes of one row, as requests have them; <see langword="null"/>: they are made.</param>
public sealed record WarmupTensor(TensorSpec Tensor, bool IsRandom, string? File);
