namespace ZeroWorld.ML.Features;

public enum DefinitionKind
{
    Entity,
    View,
    Service,
}

public enum DefinitionChangeKind
{
    Unchanged,
    Added,
    Changed,
    Removed,
}

/// <summary>What would become of one definition.</summary>
/// <param name="Kind">Entity, view or service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Change">What happens to it.</param>
/// <param name="Before">Fingerprint as registered; <see langword="null"/> where it is new.</param>
/// <param name="After">Fingerprint as planned; <see langword="null"/> where it goes.</param>
public sealed record DefinitionChange(DefinitionKind Kind, string Name, DefinitionChangeKind Change, string? Before, string? After);
