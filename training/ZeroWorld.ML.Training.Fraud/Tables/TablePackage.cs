using System.Text.Json;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Writes the package of a model that was trained on a table, reads its columns again, and checks that it scores as its trainer does.</summary>
internal static class TablePackage
{
    private const string ModelFile = "model.onnx";
    private const int ParityRowsMax = 10_000;
    private const int ReferenceRowsMax = 50_000;
    private const int GoldenRows = 64;
    private const double Tolerance = 1e-4;

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal static async Task<ModelPackage> WriteAsync(FraudTableRequest request, FittedTable fitted, DateTimeOffset createdTime, CancellationToken cancellationToken)
    {
        var (table, encoder) = (fitted.Table, fitted.Encoder);
        FraudGraph.Write(Path.Combine(request.OutputDirectory, ModelFile), fitted.Model, encoder, table.FeatureNames.Count);
        await File.WriteAllBytesAsync(
            Path.Combine(request.OutputDirectory, TableColumns.File), JsonSerializer.SerializeToUtf8Bytes(fitted.Columns, JsonOptions), cancellationToken).ConfigureAwait(false);
        fitted.Reasons?.Write(Path.Combine(request.OutputDirectory, ReasonModel.FileName));
        var content = new ModelPackageContent
        {
            Model = request.Model,
            ModelFile = ModelFile,
            FurtherFiles = fitted.Reasons is null ? [TableColumns.File] : [TableColumns.File, ReasonModel.FileName],
            Inputs = InputsOf(encoder),
            Outputs = [new ManifestOutput(TreeEnsembleGraph.Output, FraudModelPackage.OutputName, "FP32", [-1, 1])],
            Thresholds = fitted.Thresholds,
            GoldenSamples = GoldenOf(fitted),
            GoldenAbsoluteTolerance = Tolerance,
            GoldenRelativeTolerance = 0,
            Reference = ReferenceOf(fitted, cancellationToken),
            Metrics = MetricsOf(fitted),
            Lineage = LineageOf(request, fitted, createdTime),
        };
        return await ModelPackageWriter.WriteAsync(request.OutputDirectory, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Scores test rows with the package; one that differs is none.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.ParityBroken"/>.</exception>
    internal static async Task<ParityReport> CheckParityAsync(IModelScorer scorer, ModelPackage package, FittedTable fitted, CancellationToken cancellationToken)
    {
        int[] positions = RowSample.Spread([.. Enumerable.Range(0, fitted.Split.Test.Length)], ParityRowsMax);
        var inputs = fitted.Inputs.Of(fitted.Columns, Array.ConvertAll(positions, position => fitted.Split.Test[position]));
        var served = await scorer.ScoreAsync(package, inputs, FraudModelPackage.OutputName, cancellationToken).ConfigureAwait(false);
        var (worst, difference) = (0, 0.0);
        for (var index = 0; index < positions.Length; index++)
        {
            var distance = Math.Abs((double)served[index] - fitted.TestScores[positions[index]]);
            if (!(distance <= difference))
            {
                (worst, difference) = (index, distance);
            }
        }

        if (!(difference <= Tolerance))
        {
            throw new TrainingException(
                TrainingError.ParityBroken,
                $"The exported model scores row {fitted.Table.RowId(fitted.Split.Test[positions[worst]]) + 1} with {served[worst]}, its trainer with {fitted.TestScores[positions[worst]]}; "
                + $"expected a difference of at most {Tolerance}.");
        }

        return new ParityReport(positions.Length, difference);
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the package was not trained on a table.</exception>
    internal static async Task<TableColumns> ReadColumnsAsync(ModelPackage package, CancellationToken cancellationToken) =>
        await FindColumnsAsync(package, cancellationToken).ConfigureAwait(false) ?? throw new TrainingException(
            TrainingError.InvalidInput,
            $"champion: the package {package.Digest} of '{package.Manifest.Name}' was not trained on a table (it has no {TableColumns.File} of format {TableColumns.OldestFormat} or {TableColumns.CurrentFormat}), so the same rows cannot be scored with it. "
            + "Train under another model name, or move the alias champion first.");

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file is not valid.</exception>
    /// <returns><see langword="null"/>: the package has no such file, or one of another format.</returns>
    internal static async Task<TableColumns?> FindColumnsAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        if (!package.Manifest.Files.ContainsKey(TableColumns.File))
        {
            return null;
        }

        var bytes = await File.ReadAllBytesAsync(Path.Combine(package.Directory, TableColumns.File), cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<TableColumns>(bytes, JsonOptions) is { Format: >= TableColumns.OldestFormat and <= TableColumns.CurrentFormat } columns
                ? columns with { Times = columns.Times ?? [] }
                : null;
        }
        catch (JsonException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"{package.Manifest.Name}: its {TableColumns.File} is not valid: {JsonFault.Of(exception)}.", exception);
        }
    }

    internal static TableColumns ColumnsOf(FraudTableRequest request, TableEncoder encoder) => new(
        TableColumns.CurrentFormat, encoder.RawNumeric, encoder.Clock?.Times ?? [], encoder.Categorical, request.Columns.Label, request.Columns.Time, request.Columns.Entity, encoder.Names);

    private static List<ManifestInput> InputsOf(TableEncoder encoder)
    {
        var inputs = new List<ManifestInput>();
        if (encoder.RawNumeric.Count > 0)
        {
            inputs.Add(new ManifestInput(FeatureEncoding.NumbersInput, "FP32", [-1, encoder.RawNumeric.Count], []));
        }

        if (encoder.Clock is { } clock)
        {
            inputs.Add(new ManifestInput(FeatureEncoding.TimesInput, "FP64", [-1, clock.Times.Count], []));
        }

        if (encoder.Categorical.Count > 0)
        {
            inputs.Add(new ManifestInput(FeatureEncoding.TextsInput, "BYTES", [-1, encoder.Categorical.Count], []));
        }

        return inputs;
    }

    private static GoldenSample[] GoldenOf(FittedTable fitted)
    {
        // Half of them the most suspicious rows, where trees matter most, half spread over the whole test.
        var order = Enumerable.Range(0, fitted.TestScores.Length).OrderByDescending(index => fitted.TestScores[index]).ThenBy(static index => index);
        int[] positions = [.. order.Take(GoldenRows / 2).Union(RowSample.Spread([.. Enumerable.Range(0, fitted.TestScores.Length)], GoldenRows / 2))];
        var inputs = fitted.Inputs.Of(fitted.Columns, Array.ConvertAll(positions, position => fitted.Split.Test[position]));
        return
        [
            new GoldenSample(inputs, new Dictionary<string, GoldenTensor>
            {
                [TreeEnsembleGraph.Output] = new([positions.Length, 1], [.. positions.Select(position => (double)fitted.TestScores[position])]),
            }),
        ];
    }

    private static ReferenceDistributions ReferenceOf(FittedTable fitted, CancellationToken cancellationToken)
    {
        var rows = RowSample.Spread(fitted.Split.Train, ReferenceRowsMax);
        var features = new Dictionary<string, ReferenceDistribution>();
        for (var column = 0; column < fitted.Source.Numeric.Count; column++)
        {
            features.Add(fitted.Source.Numeric[column], ReferenceDistribution.Measure(Array.ConvertAll(rows, row => (double)fitted.Source.Numbers[column][row])));
        }

        var scores = fitted.Model.Score(fitted.Table, rows, cancellationToken);
        return new ReferenceDistributions(
            features,
            new Dictionary<string, ReferenceDistribution> { [FraudModelPackage.OutputName] = ReferenceDistribution.Measure(Array.ConvertAll(scores, static score => (double)score)) });
    }

    private static SortedDictionary<string, double> MetricsOf(FittedTable fitted)
    {
        var cards = fitted.Evaluations[0].CardsPerDay;
        return new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["mean_auc_roc"] = fitted.Evaluations.Average(static evaluation => evaluation.AucRoc),
            ["mean_average_precision"] = fitted.Evaluations.Average(static evaluation => evaluation.AveragePrecision),
            [$"mean_card_precision_at_{cards}"] = fitted.Evaluations.Average(static evaluation => evaluation.CardPrecision),
            ["mean_brier"] = fitted.Evaluations.Average(static evaluation => evaluation.Brier),
            ["mean_log_loss"] = fitted.Evaluations.Average(static evaluation => evaluation.LogLoss),
            ["test_rows"] = fitted.Split.Test.Length,
            ["test_positives"] = fitted.Evaluations[0].Positives,
        };
    }

    private static ModelLineage LineageOf(FraudTableRequest request, FittedTable fitted, DateTimeOffset createdTime) => new()
    {
        TrainingSet = request.DataFingerprint,
        Rows = fitted.Split.Train.Length,
        TrainFrom = fitted.Inputs.MomentOf(fitted.Split.Train[0]),
        TrainTo = fitted.Inputs.MomentOf(fitted.Split.Train[^1]),
        CodeVersion = FraudModelPackage.CodeVersion,
        Seed = fitted.Seed,
        Packages = FraudModelPackage.PackageVersions,
        Parameters = new Dictionary<string, string>(fitted.Search.Trainer.Parameters)
        {
            ["algorithm"] = fitted.Search.Algorithm,
            ["calibration"] = fitted.Model.Calibrator.Name,
            ["split"] = request.Settings.Split == SplitKind.Entity ? "entity" : "time",
            ["seed_choice"] = $"median by validation average precision of seeds {string.Join(", ", request.Settings.Seeds)}",
        },
        CreatedTime = createdTime,
    };
}
