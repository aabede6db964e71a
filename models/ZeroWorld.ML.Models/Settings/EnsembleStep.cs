namespace ZeroWorld.ML.Models;

/// <summary>One model of an ensemble, and which of the ensemble's tensors it reads and gives.</summary>
/// <remarks>Immutable.</remarks>
/// <param name="Model">A model of the same project.</param>
/// <param name="Version"><see langword="null"/>: the one that answers requests without a version.</param>
/// <param name="Inputs">The ensemble's tensor per input of the model.</param>
/// <param name="Outputs">The ensemble's tensor per output of the model; outputs that are not named are dropped.</param>
public sealed record EnsembleStep(ModelName Model, long? Version, IReadOnlyDictionary<string, string> Inputs, IReadOnlyDictionary<string, string> Outputs);
