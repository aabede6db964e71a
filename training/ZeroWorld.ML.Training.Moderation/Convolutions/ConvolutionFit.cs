using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A fitted convolution with its files and what held-out texts say of it.</summary>
/// <param name="Data">All texts, each once.</param>
/// <param name="HeldOut">Those that it did not learn from.</param>
/// <param name="Probabilities">Per held-out text, per label.</param>
/// <param name="Metrics">Of the held-out texts.</param>
/// <param name="ModelPath">The ONNX file; the tokenizer's files lie beside it.</param>
public sealed record ConvolutionFit(
    LabelledTexts Data,
    LabelledTexts HeldOut,
    IReadOnlyList<float[]> Probabilities,
    IReadOnlyDictionary<string, double> Metrics,
    ConvolutionWeights Weights,
    Calibration Calibration,
    TextTokenizer Tokenizer,
    string ModelPath)
{
    private const int ParityTextsMax = 10_000;

    /// <summary>Compares what serves with what was trained, on at most 10,000 texts spread over the data.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.ParityBroken"/>: a probability differs by more than <see cref="TextParity.Tolerance"/>, or a text's label.</exception>
    public TextParity Compare(ITextModel served, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(served);
        var count = Math.Min(Data.Texts.Count, ParityTextsMax);
        string[] texts = [.. Enumerable.Range(0, count).Select(row => Data.Texts[(int)((long)row * Data.Texts.Count / count)])];
        var margins = ConvolutionTrainer.Margins(Weights, [.. texts.Select(text => Tokenizer.Encode(text).Ids)], cancellationToken);
        var expected = HeldOutQuality.Probabilities(margins, Calibration, Data.Labels);
        var (workspace, difference, disagreements) = (new TextWorkspace(), 0.0, 0);
        for (var row = 0; row < count; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var got = served.Score(texts[row], workspace).Probabilities;
            for (var label = 0; label < got.Length; label++)
            {
                difference = Math.Max(difference, Math.Abs((double)got[label] - expected[row][label]));
            }

            disagreements += TextParity.IsSameLabel(got, expected[row]) ? 0 : 1;
        }

        return difference <= TextParity.Tolerance && disagreements == 0
            ? new TextParity(count, difference, disagreements)
            : throw new TrainingException(
                TrainingError.ParityBroken,
                $"The exported model differs by {difference:G3} and in the label of {disagreements} of {count} texts; expected at most {TextParity.Tolerance} and none.");
    }
}
