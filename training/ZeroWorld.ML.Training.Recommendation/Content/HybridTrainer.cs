using System.Globalization;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A hybrid: the weighted sum of several recommenders' scores, each brought to mean 0 and deviation 1 over the catalogue of the user at hand.</summary>
/// <param name="parts">Trainers with their weights, at least one; weights are finite and not negative.</param>
public sealed class HybridTrainer(IReadOnlyList<(IRecommenderTrainer Trainer, double Weight)> parts) : IRecommenderTrainer
{
    /// <summary>The most parts.</summary>
    public const int PartsMax = 16;

    public string Algorithm => "hybrid";

    public IReadOnlyDictionary<string, string> Parameters { get; } = parts
        .SelectMany((part, place) => part.Trainer.Parameters
            .Append(new KeyValuePair<string, string>("weight", part.Weight.ToString(CultureInfo.InvariantCulture)))
            .Select(pair => ($"{NameOf(parts, place)}_{pair.Key}", pair.Value)))
        .ToDictionary(static pair => pair.Item1, static pair => pair.Value);

    public bool IsRandom => parts.Any(static part => part.Trainer.IsRandom);

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (parts.Count is 0 or > PartsMax || parts.Any(static part => !(part.Weight >= 0) || double.IsInfinity(part.Weight) || part.Trainer is HybridTrainer))
        {
            throw new TrainingException(
                TrainingError.InvalidInput, $"A hybrid has {parts.Count} parts, a weight below 0, or a hybrid as a part; expected 1 to {PartsMax} parts with weights of 0 or more.");
        }

        return new HybridModel(Algorithm, [.. parts.Select(part => (part.Trainer.Fit(train, seed, cancellationToken), (float)part.Weight))]);
    }

    /// <summary>The algorithm of a part; of several parts of one algorithm, the later ones are numbered.</summary>
    private static string NameOf(IReadOnlyList<(IRecommenderTrainer Trainer, double Weight)> parts, int place)
    {
        var algorithm = parts[place].Trainer.Algorithm;
        var before = parts.Take(place).Count(part => part.Trainer.Algorithm == algorithm);
        return before == 0 ? algorithm : string.Create(CultureInfo.InvariantCulture, $"{algorithm}_{before + 1}");
    }
}
