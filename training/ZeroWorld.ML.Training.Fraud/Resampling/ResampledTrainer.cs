using System.Globalization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Fits another trainer on fewer negative rows: what class weights are compared with. It distorts probabilities, so calibrate.</summary>
/// <remarks>Thread safe when the inner trainer is.</remarks>
public sealed class ResampledTrainer : IResumableTrainer<IFraudModel>
{
    private readonly ITrainer<IFraudModel> _inner;
    private readonly double _negativesPerPositive;

    /// <param name="negativesPerPositive">Negative rows that stay for each positive one, drawn by the seed; above 0. More than there are leaves all of them.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    public ResampledTrainer(ITrainer<IFraudModel> inner, double negativesPerPositive)
    {
        ArgumentNullException.ThrowIfNull(inner);
        TrainingRows.CheckSettings(
            "Resampling",
            negativesPerPositive is > 0 and < double.PositiveInfinity ? null : $"NegativesPerPositive is {negativesPerPositive}; expected a number above 0.");
        _inner = inner;
        _negativesPerPositive = negativesPerPositive;
        Parameters = new SortedDictionary<string, string>(inner.Parameters.ToDictionary(), StringComparer.Ordinal)
        {
            ["negatives_per_positive"] = negativesPerPositive.ToString(CultureInfo.InvariantCulture),
        };
    }

    public string Algorithm => $"{_inner.Algorithm}-undersampling";

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) => Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public IFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        var positives = table.CountPositives(rows.Span);
        var (wanted, left) = ((int)Math.Min(int.MaxValue, Math.Ceiling(_negativesPerPositive * positives)), rows.Length - positives);
        var random = new Random(seed);
        var kept = new List<int>(Math.Min(rows.Length, positives + wanted));
        foreach (var row in rows.Span)
        {
            // Selection sampling (Knuth, volume 2, algorithm S): exactly the wanted number, in order of time.
            if (table.Label(row))
            {
                kept.Add(row);
            }
            else if (random.NextDouble() * left-- < wanted)
            {
                kept.Add(row);
                wanted--;
            }
        }

        return _inner is IResumableTrainer<IFraudModel> resumable
            ? resumable.Fit(table, kept.ToArray(), seed, checkpoint, cancellationToken)
            : _inner.Fit(table, kept.ToArray(), seed, cancellationToken);
    }
}
