namespace ZeroWorld.ML.Features;

/// <summary>Where one feature was seen in a text.</summary>
/// <param name="Feature">Place in <see cref="TextWorkspace.Ids"/>.</param>
/// <param name="Start">First UTF-16 code unit of the text as it was given.</param>
/// <param name="End">The one behind the last.</param>
public readonly record struct TextFeature(int Feature, int Start, int End);
