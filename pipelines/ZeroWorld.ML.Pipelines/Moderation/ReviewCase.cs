namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>An item that a person decides about.</summary>
/// <param name="Offset">Place in the input.</param>
/// <param name="Decision">Why it is here.</param>
public sealed record ReviewCase(string Offset, string Id, string Text, string Language, string Surface, ModerationDecision Decision);
