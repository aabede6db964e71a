namespace ZeroWorld.ML.Serving;

/// <summary>Why one row of a prediction was not scored.</summary>
/// <param name="Row">Index of the row.</param>
/// <param name="Error">What kind of failure.</param>
/// <param name="Message">A sentence for the caller.</param>
public sealed record RowError(int Row, ServingError Error, string Message);
