using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>What a reviewer said of an item: labels for the next training.</summary>
/// <param name="Id">Of the content.</param>
/// <param name="Label">The label that is true of it, as models of one label per text have it; <see langword="null"/> where <paramref name="Labels"/> says it.</param>
/// <param name="Labels">All labels that are true of it, in the model's order, or none; <see langword="null"/> where <paramref name="Label"/> says it.</param>
/// <param name="Reviewer">Who said so.</param>
public sealed record ReviewVerdict(string Id, string Text, string? Label, IReadOnlyList<string>? Labels, string Reviewer, DateTimeOffset Time)
{
    /// <value>Of the content, as its item says; <see langword="null"/>: it does not.</value>
    public string? Language { get; init; }

    /// <value>Where the content stood, as its item says; <see langword="null"/>: it does not.</value>
    public string? Surface { get; init; }

    /// <value>All labels that are true of it; those of the model that are not here are not.</value>
    [JsonIgnore]
    public IReadOnlyList<string> Given => Labels ?? (Label is null ? [] : [Label]);

    /// <value>The labels, for a person.</value>
    [JsonIgnore]
    public string Summary => Given.Count == 0 ? "none of the labels" : string.Join(", ", Given);
}
