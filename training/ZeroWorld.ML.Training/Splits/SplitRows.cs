namespace ZeroWorld.ML.Training;

/// <summary>Row indexes of a split, each in order of time.</summary>
public sealed record SplitRows(ReadOnlyMemory<int> Train, ReadOnlyMemory<int> Test);
