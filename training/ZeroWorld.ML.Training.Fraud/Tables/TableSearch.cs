namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Tries every algorithm's grid on folds inside the training rows, each with an encoder of its own fit rows, and chooses by <see cref="TrialChoice"/>.</summary>
internal sealed record TableSearch(string Algorithm, ITrainer<IFraudModel> Trainer, IReadOnlyList<TableTrial> Trials)
{
    /// <param name="source">All rows.</param>
    /// <param name="table">The rows, encoded by the fit rows of <paramref name="split"/>.</param>
    internal static async Task<TableSearch> RunAsync(
        FraudTableRequest request, TableSource source, TrainingTable table, TableSplit split, StepCounter steps, List<string> notes, CancellationToken cancellationToken)
    {
        (string Algorithm, ITrainer<IFraudModel> Trainer)[] grid =
        [
            .. request.Settings.Algorithms.SelectMany(algorithm => GridOf(request.Settings, algorithm, table.FeatureNames.Count, split.Train.Length).Select(trainer => (algorithm, trainer))),
        ];
        var known = Array.ConvertAll(grid, point => request.KnownTrials.GetValueOrDefault(TableTrial.KeyOf(point.Algorithm, point.Trainer.Parameters)) ?? []);
        var precisions = Array.ConvertAll(grid, _ => new double[split.Folds.Count]);
        for (var fold = 0; fold < split.Folds.Count; fold++)
        {
            // One fold at a time: its encoded rows go before those of the next come.
            var rows = split.Folds[fold];
            var folded = ReferenceEquals(rows.Fit, split.Fit) ? table : TableEncoder.Fit(source, rows.Fit).Encode(source, rows.Fit);
            var labels = folded.LabelsOf(rows.Validation);
            for (var trial = 0; trial < grid.Length; trial++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var isKnown = known[trial].Count == split.Folds.Count;
                precisions[trial][fold] = isKnown ? known[trial][fold] : Measure(request, grid[trial].Trainer, fold, folded, rows, labels, cancellationToken);
                steps.Finish("search", FormattableString.Invariant(
                    $"fold {fold + 1} of {split.Folds.Count}, {grid[trial].Algorithm}: trial {trial + 1} of {grid.Length}, validation average precision {precisions[trial][fold]:F4}{(isKnown ? " (known)" : "")}"));
            }
        }

        TableTrial[] trials = [.. grid.Select((point, index) => new TableTrial(index, point.Algorithm, point.Trainer.Parameters, precisions[index]))];
        foreach (var trial in trials)
        {
            if (known[trial.Index].Count != split.Folds.Count && request.OnTrial is { } onTrial)
            {
                await onTrial(trial).ConfigureAwait(false);
            }
        }

        var best = TrialChoice.Of(trials, notes);
        return new TableSearch(best.Algorithm, grid[best.Index].Trainer, trials);
    }

    internal static int CountSteps(FraudTableSettings settings, int featureCount, TableSplit split) =>
        split.Folds.Count * settings.Algorithms.Sum(algorithm => GridOf(settings, algorithm, featureCount, split.Train.Length).Count);

    private static double Measure(
        FraudTableRequest request, ITrainer<IFraudModel> trainer, int fold, TrainingTable table, TableFold rows, bool[] labels, CancellationToken cancellationToken)
    {
        var model = request.Fit(trainer, FraudTableRequest.FoldRows(fold), table, rows.Fit, request.Settings.Seeds[0], cancellationToken);
        return BinaryMetrics.AveragePrecision(LogOddsScores.Apply(PlainSigmoid.Instance, model.LogOdds(table, rows.Validation, cancellationToken)), labels);
    }

    private static IReadOnlyList<ITrainer<IFraudModel>> GridOf(FraudTableSettings settings, string algorithm, int featureCount, int rows) =>
        FraudAlgorithms.Grid(algorithm, settings.EarlyStopping, featureCount, rows);
}
