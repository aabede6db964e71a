using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>A user's own transformer as a model of texts. Its outputs are probabilities.</summary>
/// <remarks>
/// Thread safe: one run after the other, since the model runs on all processors anyway. Reasons are what the score loses when a word is left out; of a long text the first
/// <see cref="WordsMax"/> words are tried.
/// </remarks>
internal sealed class TokenTextModel(TokenModel model, IReadOnlyList<string> labels, bool? isExclusive) : ITextModel, IDisposable
{
    private const int WordsMax = 64;
    private const int ReasonLengthMax = 100;
    private const double ProbabilityMin = 1e-7;

    private readonly Lock _gate = new();
    private bool _isDisposed;

    public IReadOnlyList<string> Labels => labels;

    public bool? IsExclusive => isExclusive;

    public string? Build => model.Build;

    public ScoredText Score(string text, TextWorkspace workspace) => ScoreMany([text], workspace)[0];

    public IReadOnlyList<ScoredText> ScoreMany(IReadOnlyList<string> texts, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var scores = Run(texts, out var runs);
        return
        [
            .. runs.Select((run, row) => new ScoredText(scores.AsSpan(row * labels.Count, labels.Count).ToArray(), run.IsTruncated) { BatchRows = run.BatchRows, BatchRow = run.BatchRow }),
        ];
    }

    public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace)
    {
        var words = FindWords(text);
        if (words.Count == 0)
        {
            return [];
        }

        var scores = Run([text, .. words.Select(word => string.Concat(text.AsSpan(0, word.Start), text.AsSpan(word.End)))], out _);
        var whole = LogOdds(scores[label]);
        return
        [
            .. words.Select((word, place) => new TextReason(
                    word.Start, word.End, text[word.Start..Math.Min(word.End, word.Start + ReasonLengthMax)], whole - LogOdds(scores[((place + 1) * labels.Count) + label])))
                .Where(static reason => reason.Share > 0)
                .OrderByDescending(static reason => reason.Share).ThenBy(static reason => reason.Start).Take(most),
        ];
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            model.Dispose();
        }
    }

    private static List<(int Start, int End)> FindWords(string text)
    {
        var words = new List<(int, int)>();
        for (int start = 0, end; start < text.Length && words.Count < WordsMax; start = end)
        {
            end = start + 1;
            if (char.IsWhiteSpace(text[start]))
            {
                continue;
            }

            while (end < text.Length && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            words.Add((start, end));
        }

        return words;
    }

    private static double LogOdds(double probability)
    {
        var bounded = Math.Clamp(probability, ProbabilityMin, 1 - ProbabilityMin);
        return Math.Log(bounded / (1 - bounded));
    }

    private float[] Run(IReadOnlyList<string> texts, out IReadOnlyList<TokenRun> runs)
    {
        var scores = new float[texts.Count * labels.Count];
        lock (_gate)
        {
            if (_isDisposed)
            {
                throw new ServingException(ServingError.ModelNotReady, "The model of texts has made room for another one; ask again.");
            }

            runs = model.Run(texts, scores);
        }

        return scores;
    }
}
