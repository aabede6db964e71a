namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Search, validation and test of one split, over all seeds.</summary>
internal sealed record SeedRuns(EvaluationSummary Summary, IReadOnlyList<Trial> Trials, SplitRows Rows, IReadOnlyList<SeedRun> Runs, SplitRows Validation)
{
    /// <summary>The median seed by validation average precision; of equals the one that was given first.</summary>
    internal SeedRun Median => Runs.OrderBy(static run => run.ValidationAveragePrecision).ElementAt(Runs.Count / 2);

    /// <summary>Fits every seed twice: on the fit rows for validation, then on the whole training period.</summary>
    internal static SeedRuns Measure(
        TrainingTable table, TemporalSplit split, TemporalSplit validation, FraudTrainingSettings settings, StepCounter steps, CancellationToken cancellationToken) =>
        Measure(table, split, validation, [.. settings.Grid.Select(static point => new TreeFraudTrainer(point))], settings, steps, cancellationToken);

    /// <summary>The same with trainers of any algorithm instead of the grid of the settings.</summary>
    internal static SeedRuns Measure(
        TrainingTable table,
        TemporalSplit split,
        TemporalSplit validation,
        IReadOnlyList<ITrainer<IFraudModel>> grid,
        FraudTrainingSettings settings,
        StepCounter steps,
        CancellationToken cancellationToken)
    {
        var (rows, inner) = (split.Select(table), validation.Select(table));
        var search = HyperParameterSearch.Run(grid, table, inner, settings.Seeds[0], steps.ForTrials(split, grid.Count), cancellationToken);
        var labels = table.LabelsOf(inner.Test.Span);
        var runs = new List<SeedRun>(settings.Seeds.Count);
        foreach (var seed in settings.Seeds)
        {
            // The search ran with the first seed: its scores are there.
            float[] validated = seed == settings.Seeds[0]
                ? [.. search.ValidationScores]
                : search.Trainer.Fit(table, inner.Train, seed, cancellationToken).Score(table, inner.Test, cancellationToken);
            steps.Finish("validate", $"{split.Name}: seed {seed} validated on {inner.Test.Length} rows");
            var model = search.Trainer.Fit(table, rows.Train, seed, cancellationToken);
            var scores = model.Score(table, rows.Test, cancellationToken);
            var evaluation = Evaluation.Of(table, rows.Test.Span, scores, settings.CardsPerDay);
            steps.Finish("fit", $"{split.Name}: seed {seed} fitted on {rows.Train.Length} rows, average precision {evaluation.AveragePrecision:F4}");
            runs.Add(new SeedRun(seed, model, BinaryMetrics.AveragePrecision(validated, labels), validated, scores, evaluation));
        }

        var summary = new EvaluationSummary
        {
            Split = split,
            TrainRows = rows.Train.Length,
            TrainPositives = table.CountPositives(rows.Train.Span),
            SeedNumbers = settings.Seeds,
            Seeds = [.. runs.Select(static run => run.Evaluation)],
            Parameters = search.Trainer.Parameters,
        };
        return new SeedRuns(summary, search.Trials, rows, runs, inner);
    }
}

/// <param name="Model">Fitted on the whole training period.</param>
/// <param name="ValidationAveragePrecision">Of the model that was fitted on the fit rows.</param>
/// <param name="ValidationScores">Of the same model.</param>
/// <param name="TestScores">Of <paramref name="Model"/>.</param>
internal sealed record SeedRun(
    int Seed, IFraudModel Model, double ValidationAveragePrecision, float[] ValidationScores, float[] TestScores, Evaluation Evaluation);
