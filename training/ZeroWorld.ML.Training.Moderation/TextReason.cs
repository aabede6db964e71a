namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A part of a text that moved a score.</summary>
/// <param name="Start">First UTF-16 code unit of the text as given.</param>
/// <param name="End">The one behind the last.</param>
/// <param name="Text">The part.</param>
/// <param name="Share">What it added to the label's log odds.</param>
public sealed record TextReason(int Start, int End, string Text, double Share);
