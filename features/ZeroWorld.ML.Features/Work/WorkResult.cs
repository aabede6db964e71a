namespace ZeroWorld.ML.Features;

/// <param name="Id">Of the entry.</param>
/// <param name="Key">What is finished once, though it may come in several entries; empty for the entry alone.</param>
/// <param name="Outputs">Name of a stream to a body that is appended there.</param>
public sealed record WorkResult(string Id, string Key, IReadOnlyList<(string Stream, ReadOnlyMemory<byte> Body)> Outputs);
