namespace ZeroWorld.ML.Training;

/// <summary>How far a training is.</summary>
/// <param name="Stage">What runs, for people: <c>search</c>, <c>fit</c>, <c>package</c>...</param>
/// <param name="Detail">One sentence about the step.</param>
/// <param name="Done">Steps finished in the whole training.</param>
/// <param name="Total">Steps in the whole training.</param>
public sealed record TrainingProgress(string Stage, string Detail, int Done, int Total);
