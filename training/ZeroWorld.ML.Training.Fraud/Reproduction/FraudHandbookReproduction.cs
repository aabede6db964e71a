using System.Diagnostics;
using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The tables of the Fraud Detection Handbook: the split of chapter 3 and the prequential folds of chapters 5 to 7.</summary>
/// <remarks>
/// Chapter 3 chooses hyper-parameters on the last two days of its week of training. The prequential folds choose them on the handbook's four validation folds, whose last
/// row lies before the end of the earliest training week. Immutable and thread safe.
/// </remarks>
/// <param name="load">
/// Reads the transactions of a folder and gives the 15 features, label, card, row id and time of every row between two moments (microseconds, the second exclusive), in the columns of
/// <see cref="FraudColumns.Default"/>.
/// </param>
public sealed class FraudHandbookReproduction(Func<string, long, long, CancellationToken, Task<ColumnFrame>> load) : IReproduction
{
    private const int CardsPerDay = 100;
    private const string ClassWeights = "lightgbm-class-weights";
    private const string Undersampling = "lightgbm-undersampling";
    private const string Source = "Fraud Detection Handbook";

    public string Name => "fraud-handbook";

    public string Description =>
        "Fraud Detection Handbook, simulated transactions: chapter 3 (a week, 7 days of label delay, a week) and the four prequential folds of chapters 5 to 7";

    // The book has hundreds of frauds in each week: there the mean with a line is for no one.
    public IReadOnlyList<string> Algorithms { get; } = [.. FraudAlgorithms.Names.Where(static name => name != FraudAlgorithms.LogisticTrees), ClassWeights, Undersampling];

    /// <inheritdoc/>
    public async Task<ReproductionReport> RunAsync(ReproductionRequest request, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var algorithms = request.Select(this);
        var (from, to) = HandbookProtocol.Extent;
        var table = TrainingTable.FromFrame(await load(request.DataPath, from, to, cancellationToken).ConfigureAwait(false), FraudColumns.Default);
        return await Task.Run(() => Measure(table, request.Seeds, algorithms, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private ReproductionReport Measure(
        TrainingTable table, IReadOnlyList<int> seeds, IReadOnlyList<string> algorithms, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var grids = algorithms.ToDictionary(static name => name, Grid);
        var steps = new StepCounter(1 + grids.Values.Sum(grid => (2 * grid.Count) + (2 * seeds.Count)), progress);
        steps.Finish("load", $"{table.Rows} transactions");
        var (week, weekValidation) = (HandbookProtocol.OneWeek.Select(table), HandbookProtocol.OneWeekValidation.Select(table));
        SplitRows[] folds = [.. HandbookProtocol.TestFolds.Select(fold => fold.Select(table))];
        SplitRows[] validationFolds = [.. HandbookProtocol.ValidationFolds.Select(fold => fold.Select(table))];
        CheckRows(table, [week, weekValidation, .. folds, .. validationFolds]);
        var results = algorithms.Select(name => new Result(
            name,
            Part(name, [week], [weekValidation]),
            Part(name, folds, validationFolds))).ToArray();

        // The best is who validation says it is: the test rows have no say in which row of the table the bars are for.
        var (bestOneWeek, bestFolds) = (results.MaxBy(static result => result.OneWeek.Search.AveragePrecision)!, results.MaxBy(static result => result.Folds.Search.AveragePrecision)!);
        return new ReproductionReport
        {
            Name = Name,
            Protocol = Protocol(table, week, folds, bestOneWeek.Algorithm, bestFolds.Algorithm),
            Figures =
            [
                .. results.SelectMany(result => Figures("chapter 3", result.Algorithm, result.OneWeek, HandbookFigures.ChapterThree(result.Algorithm), result == bestOneWeek ? HandbookFigures.ChapterThreeBars : default)),
                .. results.SelectMany(result => Figures("prequential", result.Algorithm, result.Folds, HandbookFigures.Prequential(result.Algorithm), result == bestFolds ? HandbookFigures.PrequentialBars : default)),
            ],
            Parameters = results.ToDictionary(static result => result.Algorithm, static result => result.Folds.Search.Trainer.Parameters),
            FitTimes = results.ToDictionary(static result => result.Algorithm, static result => result.Folds.FitTime),
        };

        PartResult Part(string algorithm, SplitRows[] tests, SplitRows[] validations)
        {
            var search = FoldSearch.Run(
                grids[algorithm], table, validations, seeds[0], !FraudAlgorithms.IsCalibrated(algorithm), detail => steps.Finish("search", detail), cancellationToken);
            var fitTime = TimeSpan.Zero;
            var runs = new List<Evaluation[]>(seeds.Count);
            foreach (var seed in seeds)
            {
                var started = Stopwatch.GetTimestamp();
                IFraudModel[] models = [.. tests.Select(rows => search.Trainer.Fit(table, rows.Train, seed, cancellationToken))];
                fitTime += Stopwatch.GetElapsedTime(started);
                runs.Add([.. tests.Zip(models, (rows, model) => Evaluation.Of(
                    table, rows.Test.Span, new CalibratedFraudModel(model, search.Calibrator).Score(table, rows.Test, cancellationToken), CardsPerDay))]);
                steps.Finish("fit", $"{algorithm}: seed {seed} on {tests.Length} test weeks");
            }

            return new PartResult(search, runs, fitTime / (seeds.Count * tests.Length));
        }
    }

    private static IReadOnlyList<ITrainer<IFraudModel>> Grid(string algorithm) => algorithm switch
    {
        ClassWeights => [.. ((double[])[10, 100]).Select(static weight => new TreeFraudTrainer(new LightGbmSettings { PositiveWeight = weight }))],
        Undersampling => [.. ((double[])[5, 20]).Select(static negatives => new ResampledTrainer(new TreeFraudTrainer(new LightGbmSettings()), negatives))],
        _ => FraudAlgorithms.Grid(algorithm),
    };

    private static void CheckRows(TrainingTable table, IEnumerable<SplitRows> splits)
    {
        foreach (var rows in splits)
        {
            if (table.CountPositives(rows.Train.Span) == 0 || table.CountPositives(rows.Test.Span) == 0)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    $"A split of the handbook has {rows.Train.Length} training and {rows.Test.Length} test rows without a fraud among one of them; expected the published transactions "
                    + "of 2018-06-20 to 2018-09-04 (and 37 days before, for the windows).");
            }
        }
    }

    private static string[] Protocol(TrainingTable table, SplitRows week, SplitRows[] folds, string bestOneWeek, string bestFolds)
    {
        var ceilings = folds.Append(week).Select(rows =>
        {
            var labels = table.LabelsOf(rows.Test.Span);
            long[] times = [.. rows.Test.ToArray().Select(table.Time)], cards = [.. rows.Test.ToArray().Select(table.Card)];
            return CardPrecision.CeilingAtK(labels, times, cards, CardsPerDay);
        }).ToArray();
        return
        [
            Line($"chapter 3: {week.Train.Length} training rows ({table.CountPositives(week.Train.Span)} frauds), 7 days until labels are known, {week.Test.Length} test rows ({table.CountPositives(week.Test.Span)} frauds) without known compromised cards; hyper-parameters by the last two training days"),
            Line($"prequential: four folds of a week, a week's delay and a week; {string.Join(", ", folds.Select(static rows => rows.Test.Length))} test rows; hyper-parameters by the mean of the handbook's four validation folds, which end before the first fold's training does"),
            Line($"a perfect model reaches card precision@{CardsPerDay} of {ceilings[^1]:F3} (chapter 3) and {ceilings[..^1].Average():F3} (mean of the folds); shares are of it"),
            $"random forest, anomaly, weighted and resampled scores are Platt-scaled on validation rows; best by validation: {bestOneWeek} (chapter 3), {bestFolds} (prequential); bars are theirs",
        ];
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<ReproducedFigure> Figures(string protocol, string algorithm, PartResult part, HandbookFigures published, HandbookFigures bars)
    {
        yield return Figure("AUC ROC", static evaluation => evaluation.AucRoc, published.AucRoc, bars.AucRoc);
        yield return Figure("AP", static evaluation => evaluation.AveragePrecision, published.AveragePrecision, bars.AveragePrecision);
        yield return Figure($"CP@{CardsPerDay}", static evaluation => evaluation.CardPrecision, published.CardPrecision, bars.CardPrecision);
        yield return Figure($"CP@{CardsPerDay}, share of ceiling", static evaluation => evaluation.CardPrecision / evaluation.CardPrecisionCeiling, null, null);
        yield return Figure("Brier", static evaluation => evaluation.Brier, published.Brier, bars.Brier) with { IsLoss = true };

        ReproducedFigure Figure(string metric, Func<Evaluation, double> value, double? known, double? bar) =>
            new(algorithm, $"{protocol} {metric}", [.. part.Runs.Select(run => run.Average(value))])
            {
                Published = known,
                Source = known is null ? null : Source,
                Bar = bar,
            };
    }

    private sealed record Result(string Algorithm, PartResult OneWeek, PartResult Folds);

    /// <param name="Runs">Per seed, one evaluation per test week.</param>
    private sealed record PartResult(FoldSearch Search, IReadOnlyList<Evaluation[]> Runs, TimeSpan FitTime);
}
