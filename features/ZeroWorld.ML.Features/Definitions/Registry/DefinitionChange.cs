namespace ZeroWorld.ML.Features;

public enum DefinitionKind
{
    Entity,
    View,
    Service,
    Stream,
}

public enum DefinitionChangeKind
{
    Unchanged,
    Added,
    Changed,
    Removed,
}

/// <summary>What would become of one definition.</summary>
/// <param name="Kind">Entity, stream, view or service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Change">What happens to it.</param>
/// <param name="Before">Fingerprint as registered; <see langword="null"/> where it is new.</param>
/// <param name="After">Fingerprint as planned; <see langword="null"/> where it goes.</param>
public sealed record DefinitionChange(DefinitionKind Kind, string Name, DefinitionChangeKind Change, string? Before, string? After)
{
    /// <value>What differs, one line each, where the definition changes: <c>features[amount].type: float64 -> int64</c>.</value>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <value>What differs in its description, owner, tags and bounds, one line each. No fingerprint holds them: the definition may be unchanged all the same.</value>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <value>Of a service that changes or goes: the columns that this touches, each with what becomes of it.</value>
    public IReadOnlyList<string> Columns { get; init; } = [];
}
