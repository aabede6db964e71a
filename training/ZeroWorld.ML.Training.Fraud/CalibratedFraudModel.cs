namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A model with the calibrator that was fitted on rows it had not seen.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class CalibratedFraudModel(IFraudModel model, ICalibrator calibrator) : ITrainedModel
{
    public IFraudModel Model { get; } = model;

    public ICalibrator Calibrator { get; } = calibrator;

    /// <inheritdoc/>
    public float[] Score(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken) =>
        LogOddsScores.Apply(Calibrator, Model.LogOdds(table, rows, cancellationToken));
}
