namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>What a reviewer said of an item: a label for the next training.</summary>
/// <param name="Id">Of the content.</param>
/// <param name="Label">The label that is true of it; one of the model's.</param>
/// <param name="Reviewer">Who said so.</param>
public sealed record ReviewVerdict(string Id, string Text, string Label, string Reviewer, DateTimeOffset Time);
