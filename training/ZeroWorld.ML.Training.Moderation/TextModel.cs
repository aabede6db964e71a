using System.Collections.Concurrent;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A text classifier: featurizer, linear weights and calibration. Immutable and thread safe; each thread brings a workspace.</summary>
/// <param name="Featurizer">The same that trained.</param>
/// <param name="Labels">Order of all scores.</param>
/// <param name="IsExclusive">Whether the labels' probabilities add up to 1.</param>
/// <param name="Weights">One column per label; of two exclusive labels one column for the second.</param>
public sealed record TextModel(TextFeaturizer Featurizer, IReadOnlyList<string> Labels, bool IsExclusive, LinearWeights Weights, Calibration Calibration) : ITextModel
{
    private const int StackLabelsMax = 256;

    // What scores: as Weights, and of one object with it for as long as it lives.
    private readonly LinearWeights _packed = Weights.Packed();
    private const int PartTexts = 64;
    private const int ReasonLengthMax = 100;

    // What adding and taking away the same leaves over is less, and makes no order among equal words.
    private const double ShareMin = 1e-6;
    private const int ShareDigits = 9;

    /// <value>One column per label; of two exclusive labels one column for the second.</value>
    public LinearWeights Weights { get; } = Weights;

    /// <value>The words that hidden ones are read as; <see langword="null"/>: texts are scored as they stand. Features that are given (<see cref="Score(ReadOnlySpan{int}, ReadOnlySpan{float}, Span{float})"/>) are what they are.</value>
    public WordLexicon? Lexicon { get; init; }

    /// <value>What labels are expected before anything is read; <see langword="null"/>: all alike.</value>
    public TextPriors? Priors { get; init; }

    bool? ITextModel.IsExclusive => IsExclusive;

    string? ITextModel.Build => null;

    ScoredText ITextModel.Score(string text, TextWorkspace workspace)
    {
        var probabilities = new float[Labels.Count];
        Score(text, workspace, probabilities);
        return new ScoredText(probabilities, workspace.IsTruncated);
    }

    /// <summary>Probability of each label.</summary>
    /// <param name="probabilities">[labels].</param>
    public void Score(ReadOnlySpan<char> text, TextWorkspace workspace, Span<float> probabilities)
    {
        if (Restored(text, workspace) is { } restored)
        {
            Featurizer.Featurize(restored.Text, workspace);
        }

        Score(workspace.Ids, workspace.Values, probabilities);
    }

    /// <summary>Probability of each label for features that <see cref="Featurizer"/> made.</summary>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> probabilities)
    {
        if (probabilities.Length != Labels.Count)
        {
            throw new ArgumentException($"There is room for {probabilities.Length} probabilities; expected {Labels.Count}, one per label.", nameof(probabilities));
        }

        Span<float> few = stackalloc float[PackedRows.StrideMax];
        if (IsExclusive && Calibration.AreFew(Labels.Count) && _packed.TryScorePacked(ids, values, few))
        {
            Priors?.AddTo(few[..Labels.Count], values);
            Calibration.ApplyFew(few, probabilities);
            return;
        }

        if (Weights.Labels == Labels.Count)
        {
            _packed.Score(ids, values, probabilities);
            Priors?.AddTo(probabilities, values);
            Calibration.Apply(probabilities, probabilities, IsExclusive);
            return;
        }

        var margins = Weights.Labels <= StackLabelsMax ? stackalloc float[Weights.Labels] : new float[Weights.Labels];
        _packed.Score(ids, values, margins);
        Calibration.Apply(margins, probabilities, IsExclusive);
    }

    /// <summary>Probability of each label of many texts, on all processors.</summary>
    /// <returns>[texts, labels], row-major.</returns>
    public float[] ScoreAll(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var (labels, workspaces) = (Labels.Count, new ConcurrentBag<TextWorkspace>());
        var probabilities = new float[(long)texts.Count * labels];
        if (texts.Count == 0)
        {
            return probabilities;
        }

        var options = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(Partitioner.Create(0, texts.Count, PartTexts), options, part =>
        {
            var workspace = workspaces.TryTake(out var used) ? used : new TextWorkspace();
            for (var row = part.Item1; row < part.Item2; row++)
            {
                Score(texts[row], workspace, probabilities.AsSpan(row * labels, labels));
            }

            workspaces.Add(workspace);
        });
        return probabilities;
    }

    /// <summary>The same model, of which only some labels may be answered: the others have probability 0, these add up to 1. Who names them expects each of them: <see cref="Priors"/> are left out.</summary>
    /// <param name="labels">One or more of <see cref="Labels"/>, which must be exclusive and three or more.</param>
    /// <exception cref="ArgumentException">A label is unknown, or there is none.</exception>
    public TextModel LimitedTo(IReadOnlyCollection<string> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (!IsExclusive || Weights.Labels != Labels.Count)
        {
            throw new InvalidOperationException($"The model has {Labels.Count} labels, exclusive: {IsExclusive}; expected three or more, exclusive.");
        }

        if (labels.Count == 0 || labels.FirstOrDefault(label => !Labels.Contains(label)) is not null)
        {
            throw new ArgumentException($"{string.Join(", ", labels)}; expected one or more of {string.Join(", ", Labels)}.", nameof(labels));
        }

        // By their offsets, not by choosing among probabilities: those of a long text may all be 0 but for a label that is not asked for.
        return this with { Priors = null, Calibration = Calibration with { Offsets = [.. Labels.Select((label, place) => labels.Contains(label) ? Calibration.Offsets[place] : float.NegativeInfinity)] } };
    }

    /// <summary>The parts of a text that moved a label's margin most.</summary>
    /// <param name="label">Place in <see cref="Labels"/>.</param>
    /// <param name="most">Parts at most.</param>
    /// <returns>Words of the text as given, at most their first 100 UTF-16 code units, with their share of the margin, greatest first; only those that raise it. What a hidden word is read as counts for it.</returns>
    public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(workspace);
        var reasons = new List<TextReason>();
        if (Restored(text, workspace) is { } restored)
        {
            var shares = Shares(restored.Text, label, workspace, out var head, out var tail);
            var all = new double[restored.Text.Length];
            shares.AsSpan(0, head).CopyTo(all);
            shares.AsSpan(head, all.Length - tail).CopyTo(all.AsSpan(tail));
            AddReasons(text, 0, text.Length, restored.Spread(all, text.Length), reasons);
        }
        else
        {
            var shares = Shares(text, label, workspace, out var head, out var tail);
            AddReasons(text, 0, head, shares.AsSpan(0, head), reasons);
            AddReasons(text, tail, text.Length, shares.AsSpan(head, text.Length - tail), reasons);
        }

        return [.. reasons.OrderByDescending(static reason => reason.Share).ThenBy(static reason => reason.Start).Take(most)];
    }

    // The text with its hidden words read, whose features are in the workspace otherwise.
    private RestoredText? Restored(ReadOnlySpan<char> text, TextWorkspace workspace)
    {
        Featurizer.Featurize(text, workspace);
        return Lexicon?.Restore(text, workspace);
    }

    // What each code unit that was read adds to a label's margin: of a long text those of its two ends, one behind the other.
    private double[] Shares(string text, int label, TextWorkspace workspace, out int head, out int tail)
    {
        var trace = Featurizer.Trace(text, workspace);

        // A feature's part is spread evenly over its characters: it begins at one and ends at another.
        (head, tail) = Ends(text.Length);
        var read = head + text.Length - tail;
        var (weights, slopes) = (new float[trace.Length], new double[read + 1]);
        var isOwn = Weights.Labels == Labels.Count;
        Weights.Gather(trace, isOwn ? label : 0, weights);
        var scale = isOwn ? Calibration.Scales[label] : (label == 1 ? 1 : -1) * Calibration.Scales[0];
        for (var seen = 0; seen < trace.Length; seen++)
        {
            var (_, weight, start, end) = trace[seen];
            var (first, last) = (Read(start, head, tail), Read(Math.Min(end, text.Length), head, tail));
            var each = (double)scale * weights[seen] * weight / Math.Max(1, last - first);
            slopes[first] += each;
            slopes[last] -= each;
        }

        for (var place = 1; place < read; place++)
        {
            slopes[place] += slopes[place - 1];
        }

        return slopes;
    }

    // What was read of a text: everything before the first place, and from the second one on.
    private (int Head, int Tail) Ends(int length)
    {
        var most = Featurizer.Settings.LengthMax;
        return length <= most ? (length, length) : (most / 4 * 3, length - (most / 4));
    }

    // A place of the text among those that were read. What ends in the unread middle ends before it, what begins there begins behind it: that is one place.
    private static int Read(int place, int head, int tail) => place <= head ? place : Math.Max(place, tail) - tail + head;

    private static void AddReasons(string text, int first, int last, ReadOnlySpan<double> shares, List<TextReason> reasons)
    {
        for (int start = first, end; start < last; start = end)
        {
            end = start + 1;
            if (char.IsWhiteSpace(text[start]))
            {
                continue;
            }

            while (end < last && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            var sum = 0.0;
            for (var place = start; place < end; place++)
            {
                sum += shares[place - first];
            }

            if (sum > ShareMin)
            {
                reasons.Add(new TextReason(start, end, text[start..Math.Min(end, start + ReasonLengthMax)], Math.Round(sum, ShareDigits)));
            }
        }
    }
}
