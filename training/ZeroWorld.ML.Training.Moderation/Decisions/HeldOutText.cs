namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A text that no model learned, as an item of the stream names it.</summary>
/// <param name="Language">As rules name it; empty for unknown.</param>
/// <param name="Surface">As rules name it; empty for unknown.</param>
public sealed record HeldOutText(string Text, string Language = "", string Surface = "");
