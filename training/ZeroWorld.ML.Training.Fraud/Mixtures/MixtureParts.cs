namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Log odds of one fold's validation rows, kept for the trials that are means of other trials: each part is fitted once per fold.</summary>
/// <remarks>8 bytes per row and part. Not thread safe.</remarks>
internal sealed class MixtureParts
{
    private readonly Dictionary<string, double[]?> _known;

    /// <param name="grid">All trials of the search.</param>
    internal MixtureParts(IReadOnlyList<ITrainer<IFraudModel>> grid) =>
        _known = grid.OfType<LogisticTreesTrainer>().SelectMany(static both => (ITrainer<IFraudModel>[])[both.Logistic, both.Trees]).Select(KeyOf).Distinct().ToDictionary(static key => key, static _ => (double[]?)null);

    /// <param name="fit">Fits a trainer that is no mean and gives its log odds.</param>
    internal double[] LogOdds(ITrainer<IFraudModel> trainer, Func<ITrainer<IFraudModel>, double[]> fit)
    {
        if (trainer is LogisticTreesTrainer both)
        {
            return LogisticTreesModel.Mix(LogOdds(both.Logistic, fit), LogOdds(both.Trees, fit), both.LogisticWeight);
        }

        var key = KeyOf(trainer);
        if (!_known.TryGetValue(key, out var known))
        {
            return fit(trainer);
        }

        return known ?? (_known[key] = fit(trainer));
    }

    private static string KeyOf(ITrainer<IFraudModel> trainer) => TableTrial.KeyOf(trainer.Algorithm, trainer.Parameters);
}
