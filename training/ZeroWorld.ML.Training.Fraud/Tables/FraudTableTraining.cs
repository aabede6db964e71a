using System.Globalization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Trains, evaluates, explains and packages a model on any table with a label, a time and an entity.</summary>
/// <remarks>
/// Splits are by time, or by entity where that is asked for. Encoders, hyper-parameters, calibrators and thresholds see training rows only; the test is looked at once per seed of the chosen settings. The same
/// table, settings and clock give the same package. Memory: the encoded features three times, at 4 bytes each, 4 bytes per trial and validation row of a fold, and 16 per validation row for the parts of means. Thread safe; the work runs on one thread of the pool.
/// </remarks>
public sealed class FraudTableTraining(TimeProvider time)
{
    /// <summary>Steps of a curve that the learning of trees is drawn with.</summary>
    private const int LearningPoints = 50;

    private const int ExplainedRows = 10;
    private const int ReasonsPerRow = 5;
    private const int ImportanceRows = 500;

    /// <param name="request">Data, settings and target folder.</param>
    /// <param name="progress">Receives every finished step; may be called from any thread.</param>
    /// <exception cref="TrainingException">
    /// <see cref="TrainingError.InvalidInput"/>: a setting, a column or the folder. <see cref="TrainingError.UnsuitableData"/>: a value, one class only, a test that overlaps the training.
    /// <see cref="TrainingError.ParityBroken"/>: the exported model scores otherwise than its trainer.
    /// </exception>
    public Task<FraudTableResult> RunAsync(FraudTableRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => RunCoreAsync(request, progress, cancellationToken), cancellationToken);
    }

    private async Task<FraudTableResult> RunCoreAsync(FraudTableRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var settings = request.Settings;
        settings.Check();
        FraudModelPackage.CheckFolder(request.OutputDirectory);
        var notes = new List<string>();
        var (source, split, inputs) = TableRows.Prepare(request, notes);
        var championColumns = request.Champion is { } champion ? await TablePackage.ReadColumnsAsync(champion, cancellationToken).ConfigureAwait(false) : null;

        // 1. Inside the training part: the search on its folds; the calibrator and thresholds on its validation rows, by the median seed.
        var innerEncoder = TableEncoder.Fit(source, split.Fit);
        var steps = new StepCounter(2 + TableSearch.CountSteps(settings, innerEncoder.Names.Count, source, split) + (2 * settings.Seeds.Count), progress);
        steps.Finish("rows", $"{split.Train.Length} training rows, {split.Validation.Length} of them for validation, {split.Test.Length} test rows");
        var inner = innerEncoder.Encode(source, split.Fit);
        var search = await TableSearch.RunAsync(request, source, inner, split, steps, notes, cancellationToken).ConfigureAwait(false);
        var validation = ValidateSeeds(request, inner, split, search, steps, cancellationToken);
        var median = validation.OrderBy(static run => run.AveragePrecision).ElementAt(validation.Count / 2);
        var labels = inner.LabelsOf(split.Validation);
        var calibrator = Calibration.Fit(settings.Calibration, median.LogOdds, labels);
        if (calibrator is PlattScaling { Slope: 0 })
        {
            notes.Add($"{search.Algorithm} ranks the validation rows worse than chance: its Platt calibration gives every row the share of positives, so that the model tells nothing apart; take another algorithm");
        }

        var thresholds = ChooseThresholds(inner, split, LogOddsScores.Apply(calibrator, median.LogOdds), labels, settings);
        var learning = (median.Model is LogisticTreesModel both ? both.Trees : median.Model) is TreeFraudModel boosted
            ? LearningCurve.Of(boosted.ToTreeEnsemble(), boosted.TreesPerStep, inner, split.Fit, split.Validation, LearningPoints)
            : [];

        // 2. On the whole training part: every seed, looked at on the test rows.
        var encoder = TableEncoder.Fit(source, split.Train);
        var table = encoder.Encode(source, split.Train);
        var (evaluations, packaged, scores) = (new List<Evaluation>(), (CalibratedFraudModel?)null, Array.Empty<float>());
        var stoppedAfter = new List<int>();
        foreach (var seed in settings.Seeds)
        {
            var model = new CalibratedFraudModel(request.Fit(search.Trainer, FraudTableRequest.TrainingRows, table, split.Train, seed, cancellationToken), calibrator);
            var seedScores = model.Score(table, split.Test, cancellationToken);
            stoppedAfter.AddRange(model.Model.StoppedAfter is { } kept ? [kept] : []);
            evaluations.Add(Evaluation.Of(table, split.Test, seedScores, settings.CardsPerDay));
            if (seed == median.Seed)
            {
                (packaged, scores) = (model, seedScores);
            }

            steps.Finish("fit", FormattableString.Invariant($"seed {seed} fitted on {split.Train.Length} rows, test average precision {evaluations[^1].AveragePrecision:F4}"));
        }

        var chosen = new FittedTable(source, split, inputs, table, encoder, TablePackage.ColumnsOf(request, encoder), packaged!, scores, search, median.Seed, evaluations, thresholds, notes);
        using var folder = new NewPackageFolder(request.OutputDirectory);
        var package = await TablePackage.WriteAsync(request, chosen, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        var parity = await TablePackage.CheckParityAsync(request.Scorer, package, chosen, cancellationToken).ConfigureAwait(false);
        var gate = await CompareAsync(request, chosen, championColumns, cancellationToken).ConfigureAwait(false);
        steps.Finish("package", $"package {package.Digest} with seed {median.Seed}");
        var testLabels = table.LabelsOf(split.Test);
        var (importance, explained) = Explain(chosen);
        folder.Keep();
        return new FraudTableResult
        {
            Notes = notes,
            Trials = search.Trials,
            Algorithm = search.Algorithm,
            Parameters = search.Trainer.Parameters,
            StoppedAfter = stoppedAfter,
            Calibration = calibrator.Name,
            TrainRows = split.Train.Length,
            ValidationRows = split.Validation.Length,
            Seeds = evaluations,
            Seed = median.Seed,
            Packaged = evaluations[IndexOf(settings.Seeds, median.Seed)],
            CalibrationError = BinaryCurves.ExpectedCalibrationError(scores, testLabels),
            Segments = TableSegments.Measure(source, split.Test, scores, settings.Segments),
            Thresholds = thresholds,
            Importance = importance,
            Explained = explained,
            LearningCurve = learning,
            TestLabels = testLabels,
            TestScores = scores,
            Package = package,
            Parity = parity,
            Gate = gate,
        };
    }

    private static List<ValidatedSeed> ValidateSeeds(
        FraudTableRequest request, TrainingTable table, TableSplit split, TableSearch search, StepCounter steps, CancellationToken cancellationToken)
    {
        var labels = table.LabelsOf(split.Validation);
        var runs = new List<ValidatedSeed>();
        foreach (var seed in request.Settings.Seeds)
        {
            var model = request.Fit(search.Trainer, FraudTableRequest.FitRows, table, split.Fit, seed, cancellationToken);
            var logOdds = model.LogOdds(table, split.Validation, cancellationToken);
            var precision = BinaryMetrics.AveragePrecision(LogOddsScores.Apply(PlainSigmoid.Instance, logOdds), labels);
            runs.Add(new ValidatedSeed(seed, model, logOdds, precision));
            steps.Finish("validate", FormattableString.Invariant($"seed {seed} validated on {split.Validation.Length} rows, average precision {precision:F4}"));
        }

        return runs;
    }

    private static DecisionThresholds ChooseThresholds(TrainingTable table, TableSplit split, float[] scores, bool[] labels, FraudTableSettings settings)
    {
        if (settings.Costs is var (falseAlarm, miss))
        {
            return DecisionPolicy.ChooseByCost(FraudModelPackage.OutputName, scores, labels, falseAlarm, miss);
        }

        var times = Array.ConvertAll(split.Validation, table.Time);
        var days = times.Select(UtcDay.Of).Distinct().Count();
        var budget = AlertBudget.OfShare((double)times.Length / days, settings.AlertShare, settings.BlockShare);
        return DecisionPolicy.Choose(FraudModelPackage.OutputName, scores, times, budget);
    }

    // Both models see the same raw rows; what either does not read it does not get. The champion gets its columns from the file, also those that this training leaves out.
    private static async Task<GateVerdict> CompareAsync(FraudTableRequest request, FittedTable fitted, TableColumns? columns, CancellationToken cancellationToken)
    {
        if (request.Champion is not { } champion || columns is null)
        {
            return EvaluationGate.WithoutChampion;
        }

        if (fitted.Inputs.FindProblem(columns) is { } problem)
        {
            return EvaluationGate.NotComparable($"The champion {problem}: the same rows cannot be scored with both models");
        }

        var inputs = fitted.Inputs.Of(columns, fitted.Split.Test);
        var scores = await request.Scorer.ScoreAsync(champion, inputs, FraudModelPackage.OutputName, cancellationToken).ConfigureAwait(false);
        return request.Settings.Gate.Compare(
            scores, fitted.TestScores, fitted.Table.LabelsOf(fitted.Split.Test), Array.ConvertAll(fitted.Split.Test, fitted.Table.Card), cancellationToken);
    }

    private static (IReadOnlyList<ReasonCode> Importance, IReadOnlyList<ExplainedRow> Explained) Explain(FittedTable fitted)
    {
        if (fitted.Reasons is not { } reasons)
        {
            return ([], []);
        }

        var (table, test) = (fitted.Table, fitted.Split.Test);
        ExplainedRow[] explained =
        [
            .. Enumerable.Range(0, test.Length).OrderByDescending(index => fitted.TestScores[index]).ThenBy(static index => index).Take(ExplainedRows)
                .Select(index => new ExplainedRow(
                    table.RowId(test[index]) + 1,
                    fitted.TestScores[index],
                    table.Label(test[index]),
                    [.. reasons.Explain(table.Features(test[index])).Where(static reason => reason.Contribution > 0)
                        .OrderByDescending(static reason => reason.Contribution).Take(ReasonsPerRow)])),
        ];
        return (TreeReasons.Importance(reasons, table, test, ImportanceRows), explained);
    }

    private static int IndexOf(IReadOnlyList<int> seeds, int seed) => Enumerable.Range(0, seeds.Count).First(index => seeds[index] == seed);

    private sealed record ValidatedSeed(int Seed, IFraudModel Model, double[] LogOdds, double AveragePrecision);
}

/// <summary>What the parts of a training on a table share once the model is fitted.</summary>
internal sealed record FittedTable(
    TableSource Source,
    TableSplit Split,
    TableInputs Inputs,
    TrainingTable Table,
    TableEncoder Encoder,
    TableColumns Columns,
    CalibratedFraudModel Model,
    float[] TestScores,
    TableSearch Search,
    int Seed,
    IReadOnlyList<Evaluation> Evaluations,
    DecisionThresholds Thresholds,
    IReadOnlyList<string> Notes)
{
    /// <summary>Reasons by raw column; <see langword="null"/> for a model that is neither made of trees nor linear.</summary>
    internal ReasonModel? Reasons { get; } = TreeReasons.Of(Model.Model, Table, Split.Train, Encoder);
}
