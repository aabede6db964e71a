namespace ZeroWorld.ML.Training;

/// <summary>Tries an explicit, small grid, one point after the other, and takes the one with the greatest average precision on validation rows.</summary>
/// <remarks>The same grid, rows and seed give the same trials in the same order. Of equal trials the earlier wins, so a grid is listed from simple to complex.</remarks>
public static class HyperParameterSearch
{
    /// <param name="grid">Trainers to try, at least one.</param>
    /// <param name="rows">Rows to fit on, and validation rows; never the test rows.</param>
    /// <param name="seed">The same seed for every trial: they differ by hyper-parameters only.</param>
    /// <param name="progress">Receives each trial when it is done.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the grid is empty. <see cref="TrainingError.UnsuitableData"/>: the validation rows hold one class only.</exception>
    public static SearchResult<TModel> Run<TModel>(
        IReadOnlyList<ITrainer<TModel>> grid,
        TrainingTable table,
        SplitRows rows,
        int seed,
        IProgress<Trial>? progress,
        CancellationToken cancellationToken)
        where TModel : ITrainedModel
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rows);
        if (grid.Count == 0)
        {
            throw new TrainingException(TrainingError.InvalidInput, "The grid of hyper-parameters is empty; expected at least one point.");
        }

        var positives = table.CountPositives(rows.Test.Span);
        if (positives == 0 || positives == rows.Test.Length)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                $"The {rows.Test.Length} validation rows hold {positives} positive ones; expected both classes.");
        }

        var labels = table.LabelsOf(rows.Test.Span);
        var trials = new List<Trial>(grid.Count);
        var (best, bestScores) = ((Trial?)null, Array.Empty<float>());
        foreach (var trainer in grid)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var model = trainer.Fit(table, rows.Train, seed, cancellationToken);
            var scores = model.Score(table, rows.Test, cancellationToken);
            var trial = new Trial(trials.Count, trainer.Parameters, BinaryMetrics.AveragePrecision(scores, labels));
            trials.Add(trial);
            progress?.Report(trial);
            if (best is null || trial.ValidationAveragePrecision > best.ValidationAveragePrecision)
            {
                (best, bestScores) = (trial, scores);
            }
        }

        return new SearchResult<TModel>(grid[best!.Index], best, trials, bestScores);
    }
}
