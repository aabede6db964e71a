using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trains, evaluates and packages a fraud model.</summary>
/// <remarks>
/// Hyper-parameters and thresholds are chosen on validation rows inside the training period; the test week is looked at once, by every seed of the chosen settings.
/// The same rows, settings and clock give the same package. Thread safe; the work runs on one thread of the pool.
/// </remarks>
public sealed class FraudTraining(TimeProvider time)
{
    /// <param name="request">Data, settings and target folder.</param>
    /// <param name="progress">Receives every finished step; may be called from any thread.</param>
    /// <exception cref="TrainingException">
    /// <see cref="TrainingError.InvalidInput"/>: a setting or the folder. <see cref="TrainingError.UnsuitableData"/>: empty, too few days, one class only, a feature without value.
    /// <see cref="TrainingError.ParityBroken"/>: the exported model scores otherwise than its trainer.
    /// </exception>
    /// <exception cref="Features.FeatureException">A column is missing or of another type.</exception>
    public Task<FraudTrainingResult> RunAsync(FraudTrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => RunCoreAsync(request, progress, cancellationToken), cancellationToken);
    }

    private async Task<FraudTrainingResult> RunCoreAsync(FraudTrainingRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var settings = request.Settings;
        settings.Check();
        FraudModelPackage.CheckFolder(request.OutputDirectory);
        var table = TrainingTable.FromFrame(request.Frame, request.Columns);
        var plan = FraudSplits.Choose(table, settings.TrainingDaysMax);
        if (FraudSplits.FindProblem(table, plan.Default, plan.DefaultValidation) is { } problem)
        {
            throw new TrainingException(TrainingError.UnsuitableData, problem);
        }

        var weekProblem = FraudSplits.FindProblem(table, plan.Week, plan.WeekValidation);
        var stepsPerSplit = settings.Grid.Count + (2 * settings.Seeds.Count);
        var steps = new StepCounter((weekProblem is null ? 2 : 1) * stepsPerSplit + 1, progress);
        var week = weekProblem is null ? SeedRuns.Measure(table, plan.Week, plan.WeekValidation, settings, steps, cancellationToken) : null;
        var longer = SeedRuns.Measure(table, plan.Default, plan.DefaultValidation, settings, steps, cancellationToken);
        var thresholds = ChooseThresholds(table, longer, settings);
        using var folder = new NewPackageFolder(request.OutputDirectory);
        var package = await FraudModelPackage.WriteAsync(request, table, longer, week, thresholds, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        var parity = request.Scorer is { } scorer
            ? await FraudModelPackage.CheckParityAsync(scorer, package, table, longer, cancellationToken).ConfigureAwait(false)
            : null;
        folder.Keep();
        steps.Finish("package", $"package {package.Digest} with seed {longer.Median.Seed}");
        return new FraudTrainingResult
        {
            Default = longer.Summary,
            Week = week?.Summary,
            WeekProblem = weekProblem,
            Trials = longer.Trials,
            Seed = longer.Median.Seed,
            Packaged = longer.Median.Evaluation,
            Thresholds = thresholds,
            Package = package,
            Parity = parity,
        };
    }

    private static DecisionThresholds ChooseThresholds(TrainingTable table, SeedRuns runs, FraudTrainingSettings settings)
    {
        var rows = runs.Validation.Test;
        var times = new long[rows.Length];
        for (var index = 0; index < times.Length; index++)
        {
            times[index] = table.Time(rows.Span[index]);
        }

        var days = times.Select(UtcDay.Of).Distinct().Count();
        var budget = AlertBudget.OfShare((double)rows.Length / days, settings.AlertShare, settings.BlockShare);
        return DecisionPolicy.Choose(FraudModelPackage.OutputName, runs.Median.ValidationScores, times, budget);
    }
}
