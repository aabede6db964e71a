namespace ZeroWorld.ML.Features;

/// <param name="Id">The stream's own.</param>
/// <param name="Body">What was appended.</param>
/// <param name="Arrived">When.</param>
public sealed record WorkEntry(string Id, ReadOnlyMemory<byte> Body, DateTimeOffset Arrived);
