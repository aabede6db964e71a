namespace ZeroWorld.ML.Hosting;

/// <summary>One setting as it is in force.</summary>
/// <param name="Key">Sections and name joined with ':', as in <c>Server:HttpPort</c>.</param>
/// <param name="Value">Its value as text; <see langword="null"/> when there is none. A password in it is not shown.</param>
/// <param name="Source"><c>default</c>, <c>FILE:LINE</c>, the variable's name, or <c>flag</c>.</param>
public sealed record ConfigurationEntry(string Key, string? Value, string Source);
