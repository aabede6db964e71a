namespace ZeroWorld.ML.Models;

/// <summary>An output that the next request of the same sequence gets as an input.</summary>
/// <remarks>Immutable. Equal by reference.</remarks>
/// <param name="Input">Name of the model's input.</param>
/// <param name="Output">Name of the model's output.</param>
/// <param name="Dtype">Of both.</param>
/// <param name="Shape">Of both in the model, with the row axis where it has one; -1 for any size.</param>
public sealed record SequenceState(string Input, string Output, TensorDtype Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Shape of what a first request gets, with a row axis of 1 where the model has one.</summary>
    /// <value>Default: <see cref="Shape"/>, open dimensions 1 long.</value>
    public IReadOnlyList<long> InitialShape { get; init; } = [.. Shape.Select(static size => Math.Max(size, 1))];

    /// <summary>File with what a first request gets: elements row-major and little-endian, BYTES each behind its length as uint32.</summary>
    /// <value><see langword="null"/>: zeros, and empty texts. Else a full path, or, while the configuration is read, the file's name in the model's folder <c>initial_state</c>.</value>
    public string? InitialFile { get; init; }

    /// <summary>Whether answers carry the output, too.</summary>
    public bool IsAnswered { get; init; }
}
