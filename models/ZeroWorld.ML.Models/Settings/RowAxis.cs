namespace ZeroWorld.ML.Models;

/// <summary>Whether the first axis of a model's tensors counts rows, so that requests may share a run.</summary>
public enum RowAxis
{
    /// <summary>Where the model file gives the first axis of every tensor one name, and a trial run shows that rows do not change one another.</summary>
    FromFile,

    /// <summary>It does: somebody who knows the model said so.</summary>
    Declared,

    /// <summary>It does not: every request runs alone, with its shapes as they are.</summary>
    None,
}
