namespace ZeroWorld.ML.Serving;

/// <summary>Predicts by entity: reads the features of the entities, makes the model's rows, runs the model and decides.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PredictionPath
{
    /// <exception cref="ServingException">Any; the message is meant for the caller.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed, before the model ran.</exception>
    public ValueTask<PredictionResult> PredictAsync(PredictionRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();
}
