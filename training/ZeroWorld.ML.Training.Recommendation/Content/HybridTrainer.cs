using System.Globalization;
using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A hybrid: the weighted sum of several recommenders' scores, each brought to mean 0 and deviation 1 over the catalogue of the user at hand.</summary>
/// <param name="parts">Trainers with their weights, at least one; weights are finite and not negative.</param>
public sealed class HybridTrainer(IReadOnlyList<(IRecommenderTrainer Trainer, double Weight)> parts) : IRecommenderTrainer
{
    public string Algorithm => "hybrid";

    public IReadOnlyDictionary<string, string> Parameters { get; } = parts
        .SelectMany(static part => part.Trainer.Parameters
            .Select(pair => ($"{part.Trainer.Algorithm}_{pair.Key}", pair.Value))
            .Append(($"{part.Trainer.Algorithm}_weight", part.Weight.ToString(CultureInfo.InvariantCulture))))
        .ToDictionary(static pair => pair.Item1, static pair => pair.Item2);

    public bool IsRandom => parts.Any(static part => part.Trainer.IsRandom);

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        if (parts.Count == 0 || parts.Any(static part => !(part.Weight >= 0) || double.IsInfinity(part.Weight)))
        {
            throw new TrainingException(TrainingError.InvalidInput, "A hybrid has no parts, or a weight below 0; expected at least one part with a weight of 0 or more.");
        }

        return new HybridModel(Algorithm, [.. parts.Select(part => (part.Trainer.Fit(train, seed, cancellationToken), (float)part.Weight))]);
    }
}

/// <summary>Several recommenders as one.</summary>
internal sealed class HybridModel(string algorithm, (IRecommender Model, float Weight)[] parts) : IRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => parts[0].Model.ItemCount;

    internal IReadOnlyList<(IRecommender Model, float Weight)> Parts => parts;

    public void Score(UserHistory history, Span<float> scores)
    {
        scores.Clear();
        var own = new float[scores.Length];
        foreach (var (model, weight) in parts)
        {
            model.Score(history, own);
            var mean = TensorPrimitives.Sum(own) / own.Length;
            TensorPrimitives.Subtract(own, mean, own);
            var deviation = MathF.Sqrt(TensorPrimitives.SumOfSquares((ReadOnlySpan<float>)own) / own.Length);
            if (deviation > 0)
            {
                TensorPrimitives.MultiplyAdd(own, weight / deviation, scores, scores);
            }
        }
    }
}
