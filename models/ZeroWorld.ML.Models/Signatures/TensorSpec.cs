namespace ZeroWorld.ML.Models;

/// <summary>One tensor that a model takes or gives.</summary>
/// <remarks>Equal when name, datatype and every dimension are.</remarks>
/// <param name="Name">Name in the model.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Shape">All dimensions, -1 where any size is taken. Empty for a scalar.</param>
public sealed record TensorSpec(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Whether a request may leave the tensor out: the model has a value for it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Whether the model declares not even the number of dimensions; <see cref="Shape"/> then is [-1].</summary>
    public bool IsAnyRank { get; init; }

    /// <summary>Whether requests that share a run may differ in the dimensions behind the first.</summary>
    public bool IsRagged { get; init; }

    /// <summary>Whether the first dimension may have any size: the row axis.</summary>
    public bool HasRowAxis => Shape.Count > 0 && Shape[0] == -1 && !IsAnyRank;

    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && Dtype == other.Dtype && IsOptional == other.IsOptional && IsAnyRank == other.IsAnyRank && IsRagged == other.IsRagged && Shape.SequenceEqual(other.Shape);

    public override int GetHashCode() => HashCode.Combine(Name, Dtype, Shape.Count);

    public override string ToString() => $"{Name} {Dtype.ToName()} [{string.Join(", ", Shape)}]";
}
