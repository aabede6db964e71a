namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A search over several folds: the trainer with the greatest mean average precision of the validation folds.</summary>
/// <param name="AveragePrecision">Its mean.</param>
/// <param name="Calibrator">Fitted on the log odds of all validation folds together; plain for a model whose log odds are probabilities.</param>
internal sealed record FoldSearch(ITrainer<IFraudModel> Trainer, double AveragePrecision, ICalibrator Calibrator)
{
    internal static FoldSearch Run(
        IReadOnlyList<ITrainer<IFraudModel>> grid,
        TrainingTable table,
        IReadOnlyList<SplitRows> folds,
        int seed,
        bool needsCalibration,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        FoldSearch? best = null;
        foreach (var trainer in grid)
        {
            var (logOdds, labels, sum) = (new List<double>(), new List<bool>(), 0.0);
            foreach (var fold in folds)
            {
                var scored = trainer.Fit(table, fold.Train, seed, cancellationToken).LogOdds(table, fold.Test, cancellationToken);
                var truth = table.LabelsOf(fold.Test.Span);
                sum += BinaryMetrics.AveragePrecision(LogOddsScores.Apply(PlainSigmoid.Instance, scored), truth);
                logOdds.AddRange(scored);
                labels.AddRange(truth);
            }

            var mean = sum / folds.Count;
            report(FormattableString.Invariant($"{trainer.Algorithm}: validation average precision {mean:F4}"));
            if (best is null || mean > best.AveragePrecision)
            {
                var calibrator = needsCalibration
                    ? PlattScaling.Fit(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(logOdds), labels.ToArray())
                    : (ICalibrator)PlainSigmoid.Instance;
                best = new FoldSearch(trainer, mean, calibrator);
            }
        }

        return best!;
    }
}
