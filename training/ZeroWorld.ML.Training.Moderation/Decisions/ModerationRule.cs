namespace ZeroWorld.ML.Training.Moderation;

/// <summary>The thresholds of one label, where they hold, and how they were chosen.</summary>
/// <param name="Label">A label of the model.</param>
/// <param name="Review">The smallest probability that a person looks at; above 1: never.</param>
/// <param name="Block">The smallest probability that is blocked; at least <paramref name="Review"/>.</param>
public sealed record ModerationRule(string Label, double Review, double Block)
{
    public const string Any = "*";

    /// <value>As items name it, or <see cref="Any"/>, the default.</value>
    public string Language { get; init; } = Any;

    /// <value>Where a text stands, as items name it (comment, profile...), or <see cref="Any"/>, the default.</value>
    public string Surface { get; init; } = Any;

    /// <value>For people: what the thresholds were chosen for, and what they gave.</value>
    public string? ChosenFor { get; init; }
}
