using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Trains a text classifier end to end: settings by validation, calibration and thresholds on held-out rows, package, parity.</summary>
/// <remarks>
/// Each text is learned from as it is and, with half of the weight (linear models), in disguise (<see cref="ModerationTrainingRequest.DisguisedCopies"/>). Rows are split into five parts, copies with theirs.
/// The settings are chosen on the first by the texts as they are; with them every part is scored by a model that did not see it. Those scores, of texts and copies, give the calibration, so that
/// the likeliest label is that of a hidden text, too; those of the texts as they are give the metrics and the thresholds. The model that is packaged learns from all rows, and keeps the words of the texts to read hidden
/// ones by (<see cref="ModerationTrainingRequest.ReadsHiddenWords"/>), which changes nothing of texts whose words are known. Stateless and thread safe.
/// </remarks>
public static class ModerationTraining
{
    private const int Folds = 5;

    // A copy says little that is new: with half of the weight hidden words are found as often, and the texts as they are lose less to them.
    private const float CopyShare = 0.5f;

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
        using var folder = new NewPackageFolder(request.OutputDirectory);
        var (package, parity) = await TextModelPackage.WriteAsync(request, model, data, settings.Parameters, metrics, scorer, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        var policy = PolicyChoice.Choose(ModerationPolicy.NameOf(request.Model.Name, package.Digest), package.Digest, probabilities, data, request.Harmless, request.Review, request.Block);
        policy.Write(Path.Combine(request.OutputDirectory, "policy.json"));
        Report("package", package.Digest);
        var result = new ModerationTrainingResult(model, package, policy, metrics, parity)
        {
            Gate = TextGate.Judge(request.Gate, request.Champion, data, probabilities, cancellationToken),
            Parameters = settings.Parameters.ToDictionary(static entry => entry.Key, static entry => entry.Value),
        };
        folder.Keep();
        return result;

        void Report(string stage, string detail) => progress?.Report(new TrainingProgress(stage, detail, Math.Min(++done, total), total));
    }

    /// <summary>The model alone, with the probabilities that models gave the rows which they had not seen.</summary>
    internal static (TextModel Model, LabelledTexts Data, TextFit Settings, float[][] Probabilities) Fit(
        ModerationTrainingRequest request, Action<string, string> report, CancellationToken cancellationToken)
    {
        var data = request.Data.WithoutDuplicates();
        Check(data.Labels, request.Harmless);
        var featurizer = new TextFeaturizer(request.Features);
        var texts = DisguisedCopies.Append(data, request.DisguisedCopies, request.Seed);
        var learned = new LearnedRows(SparseRows.Of(featurizer, texts.Texts, cancellationToken), texts.Labels, FoldsOf(data.Labels, request.Seed), CopyShare);
        report("features", $"{data.Texts.Count:N0} texts, {texts.Texts.Count - data.Texts.Count:N0} copies in disguise");
        var settings = ChooseSettings(TextFit.GridOf(request.Algorithm), learned, request.Seed, detail => report("search", detail), cancellationToken);
        var margins = HeldOutMargins(learned, settings, request.Seed, detail => report("held out", detail), cancellationToken);
        int[] all = [.. Enumerable.Range(0, learned.Count)];
        var calibration = Calibration.Fit(margins, learned.Labels, all);
        var weights = settings.Fit(learned, all, request.Seed, cancellationToken);
        report("fit", "all rows");
        var model = new TextModel(featurizer, data.Labels.Names, data.Labels.IsExclusive, weights, calibration) { Lexicon = request.ReadsHiddenWords ? LexiconOf(data.Texts, featurizer, cancellationToken) : null };
        return (model, data, settings, HeldOutQuality.Probabilities(margins[..data.Labels.Rows], calibration, data.Labels));
    }

    internal static void CheckFolder(string folder)
    {
        if (!NewPackageFolder.IsFree(folder))
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

    /// <summary>The words of texts as they are: a hidden word is none to read others as.</summary>
    /// <returns><see langword="null"/>: they have none, or the featurizer folds no words.</returns>
    internal static WordLexicon? LexiconOf(IReadOnlyList<string> texts, TextFeaturizer featurizer, CancellationToken cancellationToken)
    {
        var builder = new WordLexiconBuilder(featurizer);
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            builder.Add(text);
        }

        return builder.Build() is { Words.Count: > 0 } lexicon ? lexicon : null;
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

    // By the texts as they are: copies say little of which settings are right, and would take most of the time.
    private static TextFit ChooseSettings(IReadOnlyList<TextFit> grid, LearnedRows learned, int seed, Action<string> finished, CancellationToken cancellationToken)
    {
        var (fit, validate) = (learned.FitRows(0, withCopies: false), learned.HeldOutRows(0, withCopies: false));
        var losses = new double[grid.Count];
        var done = new Lock();
        Parallel.For(0, grid.Count, Options(cancellationToken), place =>
        {
            var weights = grid[place].Fit(learned, fit, seed, cancellationToken);
            float[][] margins = [.. validate.Select(row => TextProtocol.Margins(weights, learned.Features.Ids(row), learned.Features.Values(row)))];
            losses[place] = HeldOutQuality.LogLoss(margins, Calibration.Fit(margins, learned.Labels, validate), learned.Labels, validate);
            lock (done)
            {
                finished($"{string.Join(", ", grid[place].Parameters.Select(static pair => $"{pair.Key} {pair.Value}"))}: log loss {losses[place]:F4}");
            }
        });
        return grid[Array.IndexOf(losses, losses.Min())];
    }

    private static float[][] HeldOutMargins(LearnedRows learned, TextFit settings, int seed, Action<string> finished, CancellationToken cancellationToken)
    {
        var margins = new float[learned.Count][];
        var done = new Lock();
        Parallel.For(0, Folds, Options(cancellationToken), fold =>
        {
            var weights = settings.Fit(learned, learned.FitRows(fold, withCopies: true), seed, cancellationToken);
            foreach (var row in learned.HeldOutRows(fold, withCopies: true))
            {
                margins[row] = TextProtocol.Margins(weights, learned.Features.Ids(row), learned.Features.Values(row));
            }

            lock (done)
            {
                finished($"part {fold + 1} of {Folds}");
            }
        });
        return margins;
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) => new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
}
