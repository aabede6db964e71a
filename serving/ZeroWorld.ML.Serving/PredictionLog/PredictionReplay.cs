namespace ZeroWorld.ML.Serving;

/// <summary>Runs logged predictions again and compares bit for bit.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PredictionReplay
{
    /// <param name="project">Empty means <c>default</c>.</param>
    /// <param name="predictionId">The id that the answer carried.</param>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.PredictionNotFound"/>, <see cref="ServingError.PredictionErased"/>, <see cref="ServingError.InvalidInput"/> (no prediction id),
    /// <see cref="ServingError.ModelNotFound"/> (its package is gone), <see cref="ServingError.ModelRefused"/>, <see cref="ServingError.BackendFailed"/>.
    /// </exception>
    public Task<ReplayReport> ReplayAsync(string project, string predictionId, CancellationToken cancellationToken) => throw new NotImplementedException();
}
