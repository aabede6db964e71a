namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A policy for a new model, and what becomes of the actions on the texts that it was mapped on.</summary>
/// <param name="Policy">Rules in the order of the old policy's.</param>
/// <param name="Confusions">By languages and surfaces that one set of rules decides about; one or more.</param>
public sealed record MappedPolicy(ModerationPolicy Policy, IReadOnlyList<ActionConfusion> Confusions);
