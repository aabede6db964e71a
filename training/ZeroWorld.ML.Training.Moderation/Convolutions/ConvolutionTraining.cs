using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Trains a convolution over word pieces end to end: vocabulary, fit, calibration and metrics on held-out texts, files.</summary>
/// <remarks>A fifth of the texts is held out: the model never learns from it, since calibration and thresholds are of it. Stateless and thread safe.</remarks>
public static class ConvolutionTraining
{
    private const string VocabularyFile = "vocab.txt";
    private const string ModelFile = "model.onnx";

    /// <param name="request">Its features, algorithm and champion are not used.</param>
    /// <param name="folder">Receives <c>model.onnx</c>, <c>vocab.txt</c> and <c>text-tokens.json</c>; exists.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a label with fewer than ten rows; <see cref="TrainingError.InvalidInput"/>.</exception>
    public static ConvolutionFit Run(ModerationTrainingRequest request, ConvolutionSettings settings, string folder, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        settings.Validate();
        ModerationTraining.CheckFolder(request.OutputDirectory);
        var data = request.Data.WithoutDuplicates();
        ModerationTraining.Check(data.Labels, request.Harmless);
        var folds = ModerationTraining.FoldsOf(data.Labels, request.Seed);
        int[] fit = [.. Enumerable.Range(0, folds.Length).Where(row => folds[row] != 0)];
        int[] held = [.. Enumerable.Range(0, folds.Length).Where(row => folds[row] == 0)];
        var (total, done) = (settings.Epochs + 2, 0);

        // 1. Pieces, of the texts that are learned from.
        var tokenizer = Tokenize([.. fit.Select(row => data.Texts[row])], settings, folder);
        int[][] pieces = [.. data.Texts.Select(text => tokenizer.Encode(text).Ids)];
        Report();

        // 2. The network.
        var vocabulary = File.ReadLines(Path.Combine(folder, VocabularyFile)).Count();
        var weights = ConvolutionTrainer.Fit(pieces, data.Labels, fit, vocabulary, settings, request.Seed, Report, cancellationToken);

        // 3. What held-out texts say of it.
        var heldOut = data.Of(held);
        var margins = ConvolutionTrainer.Margins(weights, [.. held.Select(row => pieces[row])], cancellationToken);
        var calibration = Calibration.Fit(margins, heldOut.Labels, [.. Enumerable.Range(0, held.Length)]);
        var probabilities = HeldOutQuality.Probabilities(margins, calibration, heldOut.Labels);
        ConvolutionGraph.Write(Path.Combine(folder, ModelFile), weights, calibration, data.Labels.IsExclusive);
        Report();
        return new ConvolutionFit(data, heldOut, probabilities, HeldOutQuality.Measure(probabilities, heldOut.Labels), weights, calibration, tokenizer, Path.Combine(folder, ModelFile));

        void Report() => progress?.Report(++done / (double)total);
    }

    private static TextTokenizer Tokenize(IReadOnlyList<string> texts, ConvolutionSettings settings, string folder)
    {
        var vocabulary = WordPieceLearner.Learn(texts, settings.Vocabulary);
        File.WriteAllLines(Path.Combine(folder, VocabularyFile), vocabulary);

        new TextTokenizerSettings
        {
            Kind = TextTokenizerKind.WordPiece,
            Vocabulary = VocabularyFile,
            LengthMax = settings.LengthMax,
            Padding = Id(WordPieceLearner.Padding),
            Unknown = Id(WordPieceLearner.Unknown),
            Begin = Id(WordPieceLearner.Begin),
            Separator = Id(WordPieceLearner.Separator),
        }.Write(Path.Combine(folder, TextTokenizerSettings.FileName));
        return TextTokenizer.Open(folder);

        int Id(string piece) => vocabulary.ToList().IndexOf(piece);
    }
}
