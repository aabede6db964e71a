namespace ZeroWorld.ML.Features;

/// <summary>One character n-gram at one place of a text: what a model of the order of characters needs to know of it.</summary>
/// <param name="Key">Stands for the n-gram; all but unique, where <paramref name="Id"/> is shared by many.</param>
/// <param name="ContextKey">The same without the last character; of a single character that of nothing.</param>
/// <param name="SuffixKey">The same without the first character.</param>
/// <param name="Id">The feature's id.</param>
/// <param name="Length">Code points, 1 or more.</param>
public readonly record struct CharacterNgram(uint Key, uint ContextKey, uint SuffixKey, int Id, int Length);
