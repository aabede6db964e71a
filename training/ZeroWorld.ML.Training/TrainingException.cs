namespace ZeroWorld.ML.Training;

/// <summary>A failure of training that its caller can act on.</summary>
public sealed class TrainingException(TrainingError error, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public TrainingError Error { get; } = error;
}
