namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Tries every algorithm's grid on the fit rows and takes the trainer with the greatest average precision on the validation rows.</summary>
internal sealed record TableSearch(string Algorithm, ITrainer<IFraudModel> Trainer, IReadOnlyList<TableTrial> Trials)
{
    internal static async Task<TableSearch> RunAsync(
        FraudTableRequest request, TrainingTable table, TableSplit split, StepCounter steps, CancellationToken cancellationToken)
    {
        var grid = request.Settings.Algorithms.SelectMany(algorithm => GridOf(request.Settings, algorithm, table.FeatureNames.Count)
            .Select(trainer => (Algorithm: algorithm, Trainer: trainer))).ToArray();
        var labels = table.LabelsOf(split.Validation);
        var trials = new List<TableTrial>(grid.Length);
        foreach (var (algorithm, trainer) in grid)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isKnown = request.KnownTrials.TryGetValue(TableTrial.KeyOf(algorithm, trainer.Parameters), out var precision);
            if (!isKnown)
            {
                var logOdds = request.Fit(trainer, FraudTableRequest.FitRows, table, split.Fit, request.Settings.Seeds[0], cancellationToken).LogOdds(table, split.Validation, cancellationToken);
                precision = BinaryMetrics.AveragePrecision(LogOddsScores.Apply(PlainSigmoid.Instance, logOdds), labels);
            }

            trials.Add(new TableTrial(trials.Count, algorithm, trainer.Parameters, precision));
            if (!isKnown && request.OnTrial is { } onTrial)
            {
                await onTrial(trials[^1]).ConfigureAwait(false);
            }

            steps.Finish("search", FormattableString.Invariant($"{algorithm}: trial {trials.Count} of {grid.Length}, validation average precision {precision:F4}{(isKnown ? " (known)" : "")}"));
        }

        // Of equal trials the earlier wins: a grid is listed from simple to complex.
        var best = trials.MaxBy(static trial => trial.AveragePrecision)!;
        return new TableSearch(best.Algorithm, grid[best.Index].Trainer, trials);
    }

    internal static int CountTrials(FraudTableSettings settings, int featureCount) => settings.Algorithms.Sum(algorithm => GridOf(settings, algorithm, featureCount).Count);

    private static IReadOnlyList<ITrainer<IFraudModel>> GridOf(FraudTableSettings settings, string algorithm, int featureCount) =>
        FraudAlgorithms.Grid(algorithm, settings.EarlyStopping, featureCount);
}
