using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>User-user neighbours: an item is recommended for being used by the users with the most alike histories.</summary>
/// <remarks>Similarity of users: c(u, v) / (sqrt(n(u) n(v)) + shrink). A score is the sum of the similarities of the nearest users that have the item.</remarks>
/// <param name="neighbours">Nearest users that count, 1 or more; default 200.</param>
/// <param name="shrink">0 or more; default 0.</param>
public sealed class UserNeighbourTrainer(int neighbours = 200, double shrink = 0) : IRecommenderTrainer
{
    public string Algorithm => "user-neighbours";

    public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["neighbours"] = neighbours.ToString(CultureInfo.InvariantCulture),
        ["shrink"] = shrink.ToString(CultureInfo.InvariantCulture),
    };

    public bool IsRandom => false;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (neighbours < 1 || shrink < 0)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"neighbours is {neighbours}, shrink {shrink}; expected 1 or more, and 0 or more.");
        }

        return new UserNeighbourModel(Algorithm, train, neighbours, shrink);
    }
}
