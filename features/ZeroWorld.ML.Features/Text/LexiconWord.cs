namespace ZeroWorld.ML.Features;

/// <summary>A word of a <see cref="WordLexicon"/>.</summary>
/// <param name="Folded">Its letters as the folded form has them (docs/formats/text-features.md).</param>
/// <param name="Plain">As it is written most often, in lower case.</param>
/// <param name="Texts">How many texts have it, 2 or more.</param>
public readonly record struct LexiconWord(string Folded, string Plain, int Texts);
