namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>An item that a person decides about.</summary>
/// <param name="Offset">Place in the input.</param>
/// <param name="Decision">Why it is here.</param>
public sealed record ReviewCase(string Offset, string Id, string Text, string Language, string Surface, ModerationDecision Decision)
{
    /// <value>Whether exactly one of the model's labels is true of a text; <see langword="null"/>: nobody knows, as of a transformer that gives probabilities itself.</value>
    public bool? IsExclusive { get; init; }
}
