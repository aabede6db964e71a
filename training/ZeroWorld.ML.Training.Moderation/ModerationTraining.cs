using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Trains a text classifier end to end: settings by validation, calibration and thresholds on held-out rows, package, parity.</summary>
/// <remarks>
/// Each text is learned from as it is and in disguise (<see cref="ModerationTrainingRequest.DisguisedCopies"/>); all else is by the texts as they are. Rows are split into five parts, copies with theirs. The settings are chosen on the first; with them every part is scored by a model that did not see it. Those scores give the metrics, the
/// calibration and the thresholds; the model that is packaged learns from all rows. Stateless and thread safe.
/// </remarks>
public static class ModerationTraining
{
    private const int Folds = 5;

    /// <param name="scorer">Runs the ONNX file for parity.</param>
    /// <param name="time">The package's time of creation.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a label with fewer than ten rows; <see cref="TrainingError.InvalidInput"/>; <see cref="TrainingError.ParityBroken"/>.</exception>
    public static async Task<ModerationTrainingResult> RunAsync(
        ModerationTrainingRequest request, ISparseScorer scorer, TimeProvider time, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(time);
        CheckFolder(request.OutputDirectory);
        if (request.DisguisedCopies is < 0 or > ModerationTrainingRequest.DisguisedCopiesMax)
        {
            throw new TrainingException(
                TrainingError.InvalidInput, $"disguised copies: {request.DisguisedCopies} is out of range; expected 0 to {ModerationTrainingRequest.DisguisedCopiesMax}.");
        }

        var total = TextFit.GridOf(request.Algorithm).Count + Folds + 3;
        var done = 0;
        var (model, data, settings, probabilities) = Fit(request, Report, cancellationToken);
        var metrics = HeldOutQuality.Measure(probabilities, data.Labels);
        var (package, parity) = await TextModelPackage.WriteAsync(request, model, data, settings.Parameters, metrics, scorer, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        var policy = PolicyChoice.Choose(request.Model.Name, package.Digest, probabilities, data.Labels, request.Harmless, request.Review, request.Block);
        policy.Write(Path.Combine(request.OutputDirectory, "policy.json"));
        Report("package", package.Digest);
        return new ModerationTrainingResult(model, package, policy, metrics, parity)
        {
            Gate = TextGate.Judge(request.Gate, request.Champion, data, probabilities, cancellationToken),
            Parameters = settings.Parameters.ToDictionary(static entry => entry.Key, static entry => entry.Value),
        };

        void Report(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, Math.Min(++done, total), total));
    }

    /// <summary>The model alone, with the probabilities that models gave the rows which they had not seen.</summary>
    internal static (TextModel Model, LabelledTexts Data, TextFit Settings, float[][] Probabilities) Fit(
        ModerationTrainingRequest request, Action<string, string> report, CancellationToken cancellationToken)
    {
        var data = request.Data.WithoutDuplicates();
        Check(data.Labels, request.Harmless);
        var featurizer = new TextFeaturizer(request.Features);
        var learned = DisguisedCopies.Append(data, request.DisguisedCopies, request.Seed);
        var features = SparseRows.Of(featurizer, learned.Texts, cancellationToken);
        report("features", $"{data.Texts.Count:N0} texts, {features.Count - data.Texts.Count:N0} copies in disguise");
        var folds = FoldsOf(data.Labels, request.Seed);
        var settings = ChooseSettings(TextFit.GridOf(request.Algorithm), features, learned.Labels, folds, request.Seed, detail => report("search", detail), cancellationToken);
        var margins = HeldOutMargins(features, learned.Labels, folds, settings, request.Seed, detail => report("held out", detail), cancellationToken);
        int[] all = [.. Enumerable.Range(0, data.Labels.Rows)];
        var calibration = Calibration.Fit(margins, data.Labels, all);
        var weights = settings.Fit(features, learned.Labels, [.. Enumerable.Range(0, features.Count)], request.Seed, cancellationToken);
        report("fit", "all rows");
        var model = new TextModel(featurizer, data.Labels.Names, data.Labels.IsExclusive, weights, calibration);
        return (model, data, settings, HeldOutQuality.Probabilities(margins, calibration, data.Labels));
    }

    internal static void CheckFolder(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"The package folder '{folder}' is not empty; expected a new or an empty folder.");
        }
    }

    internal static void Check(LabelMatrix labels, IReadOnlyList<string> harmless)
    {
        const int RowsMin = 10;
        for (var label = 0; label < labels.Columns; label++)
        {
            var rows = Enumerable.Range(0, labels.Rows).Count(row => labels[row, label]);
            if (rows < RowsMin || labels.Rows - rows < RowsMin)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"label '{labels.Names[label]}': {rows} of {labels.Rows} different texts have it; expected at least {RowsMin} with it and {RowsMin} without it.");
            }
        }

        if (harmless.FirstOrDefault(name => !labels.Names.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"harmless: there is no label '{unknown}'; expected some of {string.Join(", ", labels.Names)}.");
        }
    }

    // Rows of one set of labels are spread alike; rare combinations go by their first label.
    internal static int[] FoldsOf(LabelMatrix labels, int seed)
    {
        var classes = new int[labels.Rows];
        for (var row = 0; row < classes.Length; row++)
        {
            classes[row] = labels.ClassOf(row);
        }

        return StratifiedFolds.Of(classes, Folds, seed);
    }

    // The rows of all parts but one, and their copies.
    private static int[] FitRows(SparseRows features, int[] folds, int fold) => [.. Enumerable.Range(0, features.Count).Where(row => folds[row % folds.Length] != fold)];

    private static TextFit ChooseSettings(
        IReadOnlyList<TextFit> grid, SparseRows features, LabelMatrix labels, int[] folds, int seed, Action<string> finished, CancellationToken cancellationToken)
    {
        var fit = FitRows(features, folds, 0);
        int[] validate = [.. Enumerable.Range(0, folds.Length).Where(row => folds[row] == 0)];
        var (best, bestLoss) = (grid[0], double.PositiveInfinity);
        foreach (var settings in grid)
        {
            var weights = settings.Fit(features, labels, fit, seed, cancellationToken);
            float[][] margins = [.. validate.Select(row => TextProtocol.Margins(weights, features.Ids(row), features.Values(row)))];
            var loss = HeldOutQuality.LogLoss(margins, Calibration.Fit(margins, labels, validate), labels, validate);
            finished($"{string.Join(", ", settings.Parameters.Select(static pair => $"{pair.Key} {pair.Value}"))}: log loss {loss:F4}");
            (best, bestLoss) = loss < bestLoss ? (settings, loss) : (best, bestLoss);
        }

        return best;
    }

    private static float[][] HeldOutMargins(
        SparseRows features, LabelMatrix labels, int[] folds, TextFit settings, int seed, Action<string> finished, CancellationToken cancellationToken)
    {
        var margins = new float[folds.Length][];
        for (var fold = 0; fold < Folds; fold++)
        {
            var fit = FitRows(features, folds, fold);
            var weights = settings.Fit(features, labels, fit, seed, cancellationToken);
            for (var row = 0; row < folds.Length; row++)
            {
                if (folds[row] == fold)
                {
                    margins[row] = TextProtocol.Margins(weights, features.Ids(row), features.Values(row));
                }
            }

            finished($"part {fold + 1} of {Folds}");
        }

        return margins;
    }
}
