namespace ZeroWorld.ML.Training;

/// <summary>What a trainer made, still in the trainer's own arithmetic: the reference for every export.</summary>
/// <remarks>One caller at a time.</remarks>
public interface ITrainedModel
{
    /// <summary>Scores rows with the trainer itself.</summary>
    /// <returns>One probability of the positive class per row, in the order of <paramref name="rows"/>.</returns>
    float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken);
}
