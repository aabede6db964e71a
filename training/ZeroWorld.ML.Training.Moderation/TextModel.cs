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
    private const int ReasonLengthMax = 100;

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
        Featurizer.Featurize(text, workspace);
        Score(workspace.Ids, workspace.Values, probabilities);
    }

    /// <summary>Probability of each label for features that <see cref="Featurizer"/> made.</summary>
    public void Score(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, Span<float> probabilities)
    {
        if (probabilities.Length != Labels.Count)
        {
            throw new ArgumentException($"There is room for {probabilities.Length} probabilities; expected {Labels.Count}, one per label.", nameof(probabilities));
        }

        var margins = Weights.Labels <= StackLabelsMax ? stackalloc float[Weights.Labels] : new float[Weights.Labels];
        Weights.Score(ids, values, margins);
        Calibration.Apply(margins, probabilities, IsExclusive);
    }

    /// <summary>The same model, of which only some labels may be answered: the others have probability 0, these add up to 1.</summary>
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
        return this with { Calibration = Calibration with { Offsets = [.. Labels.Select((label, place) => labels.Contains(label) ? Calibration.Offsets[place] : float.NegativeInfinity)] } };
    }

    /// <summary>The parts of a text that moved a label's margin most.</summary>
    /// <param name="label">Place in <see cref="Labels"/>.</param>
    /// <param name="most">Parts at most.</param>
    /// <returns>Words of the text as given, at most their first 100 UTF-16 code units, with their share of the margin, greatest first; only those that raise it.</returns>
    public IReadOnlyList<TextReason> Explain(string text, int label, int most, TextWorkspace workspace)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(workspace);
        var trace = Featurizer.Trace(text, workspace);
        var counts = new int[workspace.Ids.Length];
        foreach (var seen in trace)
        {
            counts[seen.Feature]++;
        }

        // A feature's share is spread evenly over its occurrences and their characters. Of a long text only its two ends were read.
        var (head, tail) = Ends(text.Length);
        var shares = new double[head + text.Length - tail];
        foreach (var (feature, start, end) in trace)
        {
            var stop = Math.Min(end, text.Length);
            var read = start < head && stop > tail ? stop - start - (tail - head) : stop - start;
            var each = Contribution(workspace.Ids[feature], label) * workspace.Values[feature] / counts[feature] / Math.Max(1, read);
            for (var place = start; place < stop; place++)
            {
                // Two words with the unread middle between them.
                place = place == head ? tail : place;
                shares[place < head ? place : place - tail + head] += each;
            }
        }

        var reasons = new List<TextReason>();
        AddReasons(text, 0, head, shares.AsSpan(0, head), reasons);
        AddReasons(text, tail, text.Length, shares.AsSpan(head), reasons);
        return [.. reasons.OrderByDescending(static reason => reason.Share).ThenBy(static reason => reason.Start).Take(most)];
    }

    // What was read of a text: everything before the first place, and from the second one on.
    private (int Head, int Tail) Ends(int length)
    {
        var most = Featurizer.Settings.LengthMax;
        return length <= most ? (length, length) : (most / 4 * 3, length - (most / 4));
    }

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

            if (sum > 0)
            {
                reasons.Add(new TextReason(start, end, text[start..Math.Min(end, start + ReasonLengthMax)], sum));
            }
        }
    }

    private double Contribution(int id, int label) => Weights.Labels == Labels.Count
        ? Weights[id, label] * Calibration.Scales[label]
        : (label == 1 ? 1 : -1) * Weights[id, 0] * Calibration.Scales[0];
}
