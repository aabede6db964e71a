using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Outputs of a model with the version that gave them.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">The version that answered.</param>
/// <param name="Outputs">In the order that was asked for.</param>
public sealed record InferenceResult(ModelName Model, long Version, IReadOnlyList<InferenceOutput> Outputs)
{
    /// <summary>Whether the first axis of every output counts the rows of the request.</summary>
    public bool HasRowAxis { get; init; }

    /// <summary>To be finished by whoever writes the answer.</summary>
    public AnsweredRequest Answered { get; init; }
}

/// <param name="Name">Name of the tensor.</param>
/// <param name="Tensor">Its elements; <see cref="TensorBuffer.ToRaw"/> gives their wire form.</param>
/// <param name="Labels">What the elements of a row stand for, in order; empty where nobody said.</param>
public readonly record struct InferenceOutput(string Name, TensorBuffer Tensor, IReadOnlyList<string> Labels);
