using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Models;

/// <summary>Inputs of a model with the outputs that its trainer computed.</summary>
/// <param name="Inputs">Tensor name to tensor.</param>
/// <param name="Outputs">Tensor name to tensor.</param>
public sealed record GoldenSample(IReadOnlyDictionary<string, GoldenTensor> Inputs, IReadOnlyDictionary<string, GoldenTensor> Outputs);

/// <param name="Shape">All dimensions, the row axis first.</param>
/// <param name="Data">Row-major elements as float64; integers up to 2^53 are exact. Empty for texts.</param>
/// <param name="Texts">Row-major elements of an input of BYTES, as UTF-8 texts; <see langword="null"/> for numbers.</param>
public sealed record GoldenTensor(
    IReadOnlyList<long> Shape,
    IReadOnlyList<double> Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Texts = null);
