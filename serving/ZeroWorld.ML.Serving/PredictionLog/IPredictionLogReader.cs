namespace ZeroWorld.ML.Serving;

/// <summary>Finds logged predictions again.</summary>
/// <remarks>Thread safe.</remarks>
public interface IPredictionLogReader
{
    /// <param name="project">Project name.</param>
    /// <param name="predictionId">The id, well formed.</param>
    /// <param name="date">The UTC day in whose partition the rows lie.</param>
    /// <returns>The rows of the answer, ascending by <see cref="LoggedPrediction.Row"/>; empty when no file holds the id.</returns>
    Task<IReadOnlyList<LoggedPrediction>> FindAsync(string project, string predictionId, DateOnly date, CancellationToken cancellationToken);
}
