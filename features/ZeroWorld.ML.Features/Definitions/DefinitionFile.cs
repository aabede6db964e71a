namespace ZeroWorld.ML.Features;

/// <summary>One YAML file of definitions.</summary>
/// <param name="Path">How messages name it; it is not opened.</param>
/// <param name="Text">Its text, at most 1 MiB.</param>
public sealed record DefinitionFile(string Path, string Text);
