namespace ZeroWorld.ML.Models;

/// <summary>One tensor that a model takes or gives.</summary>
/// <remarks>Equal when name, datatype and every dimension are.</remarks>
/// <param name="Name">Name in the model.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Shape">All dimensions, -1 where any size is taken. Empty for a scalar.</param>
public sealed record TensorSpec(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Whether the first dimension may have any size: the row axis.</summary>
    public bool HasRowAxis => Shape.Count > 0 && Shape[0] == -1;

    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && Dtype == other.Dtype && Shape.SequenceEqual(other.Shape);

    public override int GetHashCode() => HashCode.Combine(Name, Dtype, Shape.Count);

    public override string ToString() => $"{Name} {Dtype.ToName()} [{string.Join(", ", Shape)}]";
}
