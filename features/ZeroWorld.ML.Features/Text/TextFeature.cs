namespace ZeroWorld.ML.Features;

/// <summary>One place of a text where a feature was seen.</summary>
/// <param name="Id">The feature's id.</param>
/// <param name="Weight">This place's part of the feature's weight, which is spread evenly over its places.</param>
/// <param name="Start">First UTF-16 code unit of the text as it was given.</param>
/// <param name="End">The one behind the last; of a feature of the whole text both are 0.</param>
public readonly record struct TextFeature(int Id, float Weight, int Start, int End);
