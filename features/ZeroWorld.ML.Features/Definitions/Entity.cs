namespace ZeroWorld.ML.Features;

/// <summary>A thing that features describe, named by one or more typed keys.</summary>
public sealed record Entity
{
    /// <value><c>[a-z][a-z0-9_]*</c>, at most 64 characters; unique in the project.</value>
    public required string Name { get; init; }

    /// <value>One or more, in the order in which they make the stored key.</value>
    public required IReadOnlyList<EntityKey> Keys { get; init; }

    /// <value>The name under which a service asks for it, where it asks for the same entity under several; <see langword="null"/>: its own.</value>
    public string? Alias { get; init; }

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <summary>One join key of an entity.</summary>
/// <param name="Name">The name that requests, spines and views use.</param>
/// <param name="Type">bool, int64, string, bytes or timestamp.</param>
public sealed record EntityKey(string Name, FeatureType Type)
{
    /// <value>The name that the entity's definition gives the key, and stored rows depend on; another one than <see cref="Name"/> only under an alias.</value>
    public string DefinedName { get; init; } = Name;

    public DefinitionDetails Details { get; init; } = DefinitionDetails.None;
}

/// <summary>What a definition says for people; no fingerprint depends on it.</summary>
public sealed record DefinitionDetails(string? Description, string? Owner, IReadOnlyDictionary<string, string> Tags)
{
    public static DefinitionDetails None { get; } = new(null, null, new Dictionary<string, string>());
}
