namespace ZeroWorld.ML.Features;

/// <summary>What one read asks for.</summary>
/// <param name="Entity">The entity.</param>
/// <param name="Fields">One or more fields of this entity's kind. Two reads are the same only when this is the same list: keep one per feature service and entity.</param>
public readonly record struct OnlineReadKey(EntityId Entity, IReadOnlyList<StorageField> Fields);
