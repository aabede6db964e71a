using System.Reflection;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Writes the package of a trained fraud model and checks that it scores as its trainer does.</summary>
internal static class FraudModelPackage
{
    /// <summary>What answers call the probability of fraud.</summary>
    internal const string OutputName = "probability";

    private const string ModelFile = "model.onnx";
    private const int ParityRowsMax = 10_000;

    // Quantiles of so many rows are sharp enough for drift, and scoring all rows would take as long as a fit.
    private const int ReferenceRowsMax = 50_000;
    private const int GoldenTopRows = 16;
    private const int GoldenRows = 64;

    internal static string? CodeVersion { get; } =
        typeof(FraudModelPackage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

    /// <summary>Package to version, for lineage.</summary>
    internal static IReadOnlyDictionary<string, string> PackageVersions { get; } = typeof(FraudModelPackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Where(static attribute => attribute.Key.StartsWith("package:", StringComparison.Ordinal))
        .ToDictionary(static attribute => attribute.Key["package:".Length..], static attribute => attribute.Value ?? "");

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>.</exception>
    internal static void CheckFolder(string folder)
    {
        if (!NewPackageFolder.IsFree(folder))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The package folder '{folder}' is not empty; expected a new or an empty folder.");
        }
    }

    internal static async Task<ModelPackage> WriteAsync(
        FraudTrainingRequest request,
        TrainingTable table,
        SeedRuns runs,
        SeedRuns? week,
        DecisionThresholds thresholds,
        DateTimeOffset createdTime,
        CancellationToken cancellationToken)
    {
        var median = runs.Median;
        var trees = TreeReasons.WithCovers(median.Model.ToTreeEnsemble()!, table, runs.Rows.Train.Span);
        TreeEnsembleGraph.Write(Path.Combine(request.OutputDirectory, ModelFile), trees);
        new ReasonModel(trees, table.FeatureNames).Write(Path.Combine(request.OutputDirectory, ReasonModel.FileName));
        var sample = Strided(runs.Rows.Train.Length, ReferenceRowsMax).Select(position => runs.Rows.Train.Span[position]).ToArray();
        var sampleScores = median.Model.Score(table, sample, cancellationToken);
        var content = new ModelPackageContent
        {
            Model = request.Model,
            ModelFile = ModelFile,
            FurtherFiles = [ReasonModel.FileName],
            FeatureService = request.FeatureService,
            Inputs = [new ManifestInput(TreeEnsembleGraph.Input, "FP32", [-1, table.FeatureNames.Count], table.FeatureNames)],
            Outputs = [new ManifestOutput(TreeEnsembleGraph.Output, OutputName, "FP32", [-1, 1])],
            Thresholds = thresholds,
            GoldenSamples = GoldenOf(table, runs.Rows.Test.Span, median.TestScores),
            GoldenAbsoluteTolerance = ParityReport.Tolerance,
            GoldenRelativeTolerance = 0,
            Reference = ReferenceOf(table, sample, sampleScores),
            Metrics = MetricsOf(runs, week),
            Lineage = LineageOf(request, runs, createdTime),
        };
        return await ModelPackageWriter.WriteAsync(request.OutputDirectory, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Scores test rows with the package; one that differs is none.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.ParityBroken"/>.</exception>
    internal static async Task<ParityReport> CheckParityAsync(
        IModelScorer scorer, ModelPackage package, TrainingTable table, SeedRuns runs, CancellationToken cancellationToken)
    {
        var positions = Strided(runs.Rows.Test.Length, ParityRowsMax);
        var columns = table.FeatureNames.Count;
        var features = new float[positions.Length * columns];
        for (var index = 0; index < positions.Length; index++)
        {
            table.Features(runs.Rows.Test.Span[positions[index]]).CopyTo(features.AsSpan(index * columns));
        }

        var served = await scorer.ScoreAsync(package, features, positions.Length, OutputName, cancellationToken).ConfigureAwait(false);
        var (worst, difference) = (0, 0.0);
        for (var index = 0; index < positions.Length; index++)
        {
            var distance = Math.Abs((double)served[index] - runs.Median.TestScores[positions[index]]);
            if (!(distance <= difference))
            {
                (worst, difference) = (index, distance);
            }
        }

        if (!(difference <= ParityReport.Tolerance))
        {
            throw new TrainingException(
                TrainingError.ParityBroken,
                $"The exported model scores transaction {table.RowId(runs.Rows.Test.Span[positions[worst]])} with {served[worst]}, its trainer with "
                + $"{runs.Median.TestScores[positions[worst]]}; expected a difference of at most {ParityReport.Tolerance}.");
        }

        return new ParityReport(positions.Length, difference);
    }

    // The most suspicious rows, where trees matter most, and rows spread over the whole test.
    private static GoldenSample[] GoldenOf(TrainingTable table, ReadOnlySpan<int> rows, float[] scores)
    {
        var order = Enumerable.Range(0, scores.Length).OrderByDescending(index => scores[index]).ThenBy(static index => index);
        int[] positions = [.. order.Take(GoldenTopRows).Union(Strided(scores.Length, GoldenRows - GoldenTopRows))];
        var features = new List<double>(positions.Length * table.FeatureNames.Count);
        foreach (var position in positions)
        {
            foreach (var value in table.Features(rows[position]))
            {
                features.Add(value);
            }
        }

        return
        [
            new GoldenSample(
                new Dictionary<string, GoldenTensor> { [TreeEnsembleGraph.Input] = new([positions.Length, table.FeatureNames.Count], features) },
                new Dictionary<string, GoldenTensor> { [TreeEnsembleGraph.Output] = new([positions.Length, 1], [.. positions.Select(position => (double)scores[position])]) }),
        ];
    }

    private static ReferenceDistributions ReferenceOf(TrainingTable table, int[] rows, float[] scores)
    {
        var features = new Dictionary<string, ReferenceDistribution>();
        var values = new double[rows.Length];
        for (var column = 0; column < table.FeatureNames.Count; column++)
        {
            for (var index = 0; index < values.Length; index++)
            {
                values[index] = table.Features(rows[index])[column];
            }

            features.Add(table.FeatureNames[column], ReferenceDistribution.Measure(values));
        }

        double[] outputs = [.. scores.Select(static score => (double)score)];
        return new ReferenceDistributions(features, new Dictionary<string, ReferenceDistribution> { [OutputName] = ReferenceDistribution.Measure(outputs) });
    }

    private static SortedDictionary<string, double> MetricsOf(SeedRuns runs, SeedRuns? week)
    {
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var packaged = runs.Median.Evaluation;
        Add("", packaged.AucRoc, packaged.AveragePrecision, packaged.CardPrecision, packaged.Brier, packaged.LogLoss);
        metrics[$"card_precision_at_{packaged.CardsPerDay}_ceiling"] = packaged.CardPrecisionCeiling;
        metrics["test_rows"] = packaged.Rows;
        metrics["test_frauds"] = packaged.Positives;
        AddMeans("mean_", runs.Summary);
        if (week is not null)
        {
            AddMeans("one_week_mean_", week.Summary);
        }

        return metrics;

        void AddMeans(string prefix, EvaluationSummary summary) =>
            Add(prefix, summary.AucRoc.Mean, summary.AveragePrecision.Mean, summary.CardPrecision.Mean, summary.Brier.Mean, summary.LogLoss.Mean);

        void Add(string prefix, double auc, double precision, double cards, double brier, double logLoss)
        {
            metrics[$"{prefix}auc_roc"] = auc;
            metrics[$"{prefix}average_precision"] = precision;
            metrics[$"{prefix}card_precision_at_{packaged.CardsPerDay}"] = cards;
            metrics[$"{prefix}brier"] = brier;
            metrics[$"{prefix}log_loss"] = logLoss;
        }
    }

    private static ModelLineage LineageOf(FraudTrainingRequest request, SeedRuns runs, DateTimeOffset createdTime)
    {
        var split = runs.Summary.Split;
        return new ModelLineage
        {
            TrainingSet = request.TrainingSetFingerprint,
            Rows = runs.Summary.TrainRows,
            TrainFrom = split.TrainFrom.ToDateTimeOffset(),
            TrainTo = split.TrainTo.ToDateTimeOffset(),
            CodeVersion = CodeVersion,
            Seed = runs.Median.Seed,
            Packages = PackageVersions,
            Parameters = new Dictionary<string, string>(runs.Summary.Parameters)
            {
                ["algorithm"] = "lightgbm",
                ["seed_choice"] = $"median by validation average precision of seeds {string.Join(", ", runs.Summary.SeedNumbers)}",
            },
            CreatedTime = createdTime,
        };
    }

    /// <summary>At most so many positions, evenly spread.</summary>
    private static int[] Strided(int length, int most)
    {
        var count = Math.Min(length, most);
        var positions = new int[count];
        for (var index = 0; index < count; index++)
        {
            positions[index] = (int)((long)index * length / count);
        }

        return positions;
    }
}
