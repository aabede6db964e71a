namespace ZeroWorld.ML.Models;

/// <summary>The tensors a model takes and gives.</summary>
/// <remarks>Equal when the tensors are, in order.</remarks>
/// <param name="Inputs">In the order of the model file or of the manifest.</param>
/// <param name="Outputs">In the order of the model file or of the manifest.</param>
public sealed record ModelSignature(IReadOnlyList<TensorSpec> Inputs, IReadOnlyList<TensorSpec> Outputs)
{
    /// <summary>Whether rows of several requests may share one run. Never true unless <see cref="HasRowAxis"/> is.</summary>
    /// <value>Default: <see cref="HasRowAxis"/>. A runtime says <see langword="false"/> where the first axes are of any size and still are not one row axis.</value>
    public bool IsBatchable
    {
        get => field && HasRowAxis;
        init;
    }
        = true;

    /// <summary>Whether every tensor that a request must carry, and every output, has a first axis of any size.</summary>
    public bool HasRowAxis =>
        Inputs.Any(static spec => !spec.IsOptional) && Inputs.All(static spec => spec.IsOptional || spec.HasRowAxis) && Outputs.All(static spec => spec.HasRowAxis);

    /// <summary>What keeps a model file from doing what a manifest declares: one sentence per difference, empty when it fits.</summary>
    /// <remarks>
    /// This signature is the declared one. The file must take every declared input and no other, and give every declared output; it may give more.
    /// A dimension of -1 in the file takes any declared size.
    /// </remarks>
    public IReadOnlyList<string> FindDifferences(ModelSignature file)
    {
        ArgumentNullException.ThrowIfNull(file);

        var differences = new List<string>();
        Compare("input", Inputs, file.Inputs, differences);
        Compare("output", Outputs, file.Outputs, differences);
        differences.AddRange(file.Inputs
            .Where(input => Inputs.All(declared => declared.Name != input.Name))
            .Select(static input => $"the model file takes the input {input}, which the manifest does not declare"));
        return differences;
    }

    public bool Equals(ModelSignature? other) =>
        other is not null && Inputs.SequenceEqual(other.Inputs) && Outputs.SequenceEqual(other.Outputs);

    public override int GetHashCode() => HashCode.Combine(Inputs.Count, Outputs.Count, Inputs.Count > 0 ? Inputs[0] : null);

    private static void Compare(string kind, IReadOnlyList<TensorSpec> declared, IReadOnlyList<TensorSpec> found, List<string> differences)
    {
        foreach (var spec in declared)
        {
            var actual = found.FirstOrDefault(candidate => candidate.Name == spec.Name);
            if (actual is null)
            {
                var names = found.Count == 0 ? "none" : string.Join(", ", found.Select(static candidate => $"'{candidate.Name}'"));
                differences.Add($"the manifest declares the {kind} '{spec.Name}', the model file has {names}");
            }
            else if (actual.Dtype != spec.Dtype || !Fits(spec.Shape, actual.Shape))
            {
                differences.Add($"the manifest declares the {kind} {spec}, the model file has {actual}");
            }
        }
    }

    private static bool Fits(IReadOnlyList<long> declared, IReadOnlyList<long> found) =>
        declared.Count == found.Count && declared.Zip(found).All(static pair => pair.Second == -1 || pair.First == pair.Second);
}
