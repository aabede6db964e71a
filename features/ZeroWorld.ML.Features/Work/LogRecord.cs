namespace ZeroWorld.ML.Features;

/// <summary>A record of an <see cref="IKeyedLog"/>.</summary>
/// <param name="Place">Where it is, in the words of its log: of one record always the same. Empty: the log is always read from its first record on.</param>
/// <param name="Body">The caller's.</param>
public readonly record struct LogRecord(string Place, ReadOnlyMemory<byte> Body);
