namespace ZeroWorld.ML.Features;

/// <summary>One entity: its project, its kind and its encoded keys (docs/formats/online-row.md).</summary>
/// <param name="Project">Project name.</param>
/// <param name="Entity">Name of the <see cref="Features.Entity"/>.</param>
/// <param name="Key">Typed keys joined with '|', as <see cref="EntityKeyCodec"/> writes them.</param>
public readonly record struct EntityId(string Project, string Entity, string Key);
