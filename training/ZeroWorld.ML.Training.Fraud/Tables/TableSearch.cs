namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Tries every algorithm's grid on folds inside the training rows, each with an encoder of its own fit rows, and chooses by <see cref="TrialChoice"/>.</summary>
/// <remarks>A trial that <see cref="FoldRace"/> finds behind is not tried on later folds, where most of the time goes: they are fitted on more rows. Over many values <see cref="TrialTwins"/> drops some too.</remarks>
internal sealed record TableSearch(string Algorithm, ITrainer<IFraudModel> Trainer, IReadOnlyList<TableTrial> Trials)
{
    /// <param name="source">All rows.</param>
    /// <param name="table">The rows, encoded by the fit rows of <paramref name="split"/>.</param>
    internal static async Task<TableSearch> RunAsync(
        FraudTableRequest request, TableSource source, TrainingTable table, TableSplit split, StepCounter steps, List<string> notes, CancellationToken cancellationToken)
    {
        var grid = GridOf(request.Settings, table.FeatureNames.Count, split.Train.Length, split.Train.Count(row => source.Labels[row]));
        (string Algorithm, IReadOnlyDictionary<string, string> Parameters)[] points = Array.ConvertAll(grid, static point => (point.Algorithm, point.Trainer.Parameters));
        var known = Array.ConvertAll(points, point => request.KnownTrials.GetValueOrDefault(TableTrial.KeyOf(point.Algorithm, point.Parameters)));
        var mustEarn = TableFold.IsLong(source, split.Train);

        // With one fold and trials that are not long nothing is dropped, so that each trial stands for itself; else which are dropped depends on all of them.
        var isDone = Array.TrueForAll(known, static folds => folds is not null);
        var precisions = isDone || (split.Folds.Count == 1 && !mustEarn)
            ? Array.ConvertAll(known, static folds => folds?.ToList() ?? [])
            : Array.ConvertAll(grid, static _ => new List<double>());
        var alive = Array.ConvertAll(precisions, folds => !isDone && folds.Count == 0);
        for (var fold = 0; fold < split.Folds.Count; fold++)
        {
            // One fold at a time: its encoded rows go before those of the next come.
            var rows = split.Folds[fold];
            var folded = !alive.Contains(true) || ReferenceEquals(rows.Fit, split.Fit) ? table : TableEncoder.Fit(source, rows.Fit).Encode(source, rows.Fit);
            var labels = folded.LabelsOf(rows.Validation);
            var parts = new MixtureParts([.. grid.Select(static point => point.Trainer)]);
            var scores = new float[grid.Length][];
            for (var trial = 0; trial < grid.Length; trial++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                alive[trial] &= !mustEarn || !TrialTwins.IsOut(points, precisions, alive, trial, fold);
                var isTried = alive[trial];
                if (isTried)
                {
                    scores[trial] = LogOddsScores.Apply(
                        PlainSigmoid.Instance, parts.LogOdds(grid[trial].Trainer, trainer => LogOdds(request, trainer, PartOf(split, fold), folded, rows, cancellationToken)));
                    precisions[trial].Add(BinaryMetrics.AveragePrecision(scores[trial], labels));
                    alive[trial] = !mustEarn || !TrialTwins.IsOut(points, precisions, alive, trial, fold + 1);
                }

                steps.Finish("search", FormattableString.Invariant(
                    $"fold {fold + 1} of {split.Folds.Count}, {grid[trial].Algorithm}: trial {trial + 1} of {grid.Length}, {Describe(precisions[trial], fold, isTried)}"));
            }

            if (fold + 1 < split.Folds.Count)
            {
                foreach (var behind in FoldRace.FindBehind(scores, labels, Array.ConvertAll(rows.Validation, folded.Card), cancellationToken))
                {
                    alive[behind] = false;
                }
            }
        }

        TableTrial[] trials = [.. grid.Select((point, index) => new TableTrial(index, point.Algorithm, point.Trainer.Parameters, precisions[index]) { Balance = point.Balance })];
        foreach (var trial in trials)
        {
            if (known[trial.Index] is null && request.OnTrial is { } onTrial)
            {
                await onTrial(trial).ConfigureAwait(false);
            }
        }

        var best = TrialChoice.Of(trials, split.Train.Count(row => source.Labels[row]), notes);
        return new TableSearch(best.Algorithm, grid[best.Index].Trainer, trials);
    }

    internal static int CountSteps(FraudTableSettings settings, int featureCount, TableSource source, TableSplit split) =>
        split.Folds.Count * GridOf(settings, featureCount, split.Train.Length, split.Train.Count(row => source.Labels[row])).Length;

    private static string Describe(List<double> precisions, int fold, bool isTried) =>
        precisions.Count == 0 ? "not tried: the same with fewer fits was dropped"
        : precisions.Count <= fold ? FormattableString.Invariant($"dropped after fold {precisions.Count}: it was behind for sure, or no better than the same with fewer bins")
        : FormattableString.Invariant($"validation average precision {precisions[fold]:F4}{(isTried ? "" : " (known)")}");

    // An only fold is fitted on the very rows on which the chosen settings are fitted again: that fit is taken from its checkpoint then.
    private static string PartOf(TableSplit split, int fold) =>
        ReferenceEquals(split.Folds[fold].Fit, split.Fit) ? FraudTableRequest.FitRows : FraudTableRequest.FoldRows(fold);

    private static double[] LogOdds(FraudTableRequest request, ITrainer<IFraudModel> trainer, string part, TrainingTable table, TableFold rows, CancellationToken cancellationToken) =>
        request.Fit(trainer, part, table, rows.Fit, request.Settings.Seeds[0], cancellationToken).LogOdds(table, rows.Validation, cancellationToken);

    private static (string Algorithm, ITrainer<IFraudModel> Trainer, ClassBalance Balance)[] GridOf(FraudTableSettings settings, int featureCount, int rows, int positives) =>
    [
        .. settings.Algorithms.SelectMany(algorithm => FraudAlgorithms.BalancesOf(algorithm, settings.Balances).SelectMany(balance =>
            FraudAlgorithms.Grid(algorithm, balance, settings.EarlyStopping, featureCount, rows, positives).Select(trainer => (algorithm, trainer, balance)))),
    ];
}
