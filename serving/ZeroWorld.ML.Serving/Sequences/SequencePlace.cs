namespace ZeroWorld.ML.Serving;

/// <summary>Where a request stands in its sequence. Models without sequences do not look at it.</summary>
/// <param name="Id">The sequence.</param>
/// <param name="IsStart">It is the first.</param>
/// <param name="IsEnd">It is the last.</param>
public readonly record struct SequencePlace(SequenceId Id, bool IsStart, bool IsEnd);
