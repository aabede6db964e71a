namespace ZeroWorld.ML.Serving;

/// <summary>How one text was run.</summary>
/// <param name="IsTruncated">Whether it was longer than what is read of it.</param>
/// <param name="BatchRows">Texts of the run.</param>
/// <param name="BatchRow">Its place among them.</param>
public readonly record struct TokenRun(bool IsTruncated, int BatchRows, int BatchRow);
