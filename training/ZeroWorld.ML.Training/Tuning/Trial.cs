namespace ZeroWorld.ML.Training;

/// <summary>One point of a search.</summary>
/// <param name="Index">Place in the grid, from 0.</param>
/// <param name="Parameters">Its hyper-parameters.</param>
/// <param name="ValidationAveragePrecision">Average precision on the validation rows.</param>
public sealed record Trial(int Index, IReadOnlyDictionary<string, string> Parameters, double ValidationAveragePrecision);
