namespace ZeroWorld.ML.Training;

/// <summary>A trainer whose fit takes long enough to be killed in: it keeps its state and goes on from it.</summary>
/// <remarks>A fit that went on from a checkpoint gives the same model, bit for bit, as one that was never stopped.</remarks>
/// <typeparam name="TModel">What the trainer makes.</typeparam>
public interface IResumableTrainer<out TModel> : ITrainer<TModel>
    where TModel : ITrainedModel
{
    /// <param name="checkpoint">Read first, written as the fit goes on and at its end: a fit that is done is not done again. <see langword="null"/>: none is kept.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>; <see cref="TrainingError.CheckpointFailed"/>.</exception>
    /// <inheritdoc cref="ITrainer{TModel}.Fit"/>
    TModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken);
}
