namespace ZeroWorld.ML.Hosting;

/// <summary>A setting as somebody wrote it.</summary>
/// <param name="Key">As it was written, ':' between the parts.</param>
/// <param name="Text">As it was written.</param>
/// <param name="Source">Where it was written.</param>
internal sealed record GivenSetting(string Key, string Text, string Source);
