namespace ZeroWorld.ML.Training;

/// <summary>One set of hyper-parameters that was tried, as a part of its run.</summary>
/// <param name="Index">Place among the trials of the run; 0 or more.</param>
/// <param name="Key">What makes it the same trial again, such as algorithm and parameters; at most 4,096 characters.</param>
/// <param name="Algorithm">Name of the algorithm.</param>
/// <param name="Parameters">Hyper-parameters by name.</param>
/// <param name="Values">What the validation rows of each fold said of it, in units of the tracker's trial metric; none where it was left out before it was measured.</param>
public sealed record TrackedTrial(int Index, string Key, string Algorithm, IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<double> Values);
