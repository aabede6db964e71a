using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A text classifier: featurizer, linear weights and calibration. Immutable and thread safe; each thread brings a workspace.</summary>
/// <param name="Featurizer">The same that trained.</param>
/// <param name="Labels">Order of all scores.</param>
/// <param name="IsExclusive">Whether the labels' probabilities add up to 1.</param>
/// <param name="Weights">One column per label; of two exclusive labels one column for the second.</param>
public sealed record TextModel(TextFeaturizer Featurizer, IReadOnlyList<string> Labels, bool IsExclusive, LinearWeights Weights, Calibration Calibration)
{
    private const int StackLabelsMax = 256;

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

    /// <summary>The parts of a text that moved a label's margin most.</summary>
    /// <param name="label">Place in <see cref="Labels"/>.</param>
    /// <param name="most">Parts at most.</param>
    /// <returns>Words of the text as given with their share of the margin, greatest first; only those that raise it.</returns>
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

        // A feature's share is spread evenly over its occurrences and their characters.
        var shares = new double[text.Length + 1];
        foreach (var (feature, start, end) in trace)
        {
            if (end <= start)
            {
                continue;
            }

            var (from, to) = (Math.Min(start, text.Length), Math.Min(end, text.Length));
            var each = Contribution(workspace.Ids[feature], label) * workspace.Values[feature] / counts[feature] / Math.Max(1, to - from);
            for (var place = from; place < to; place++)
            {
                shares[place] += each;
            }
        }

        var reasons = new List<TextReason>();
        for (int start = 0, end; start < text.Length; start = end)
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

            var sum = 0.0;
            for (var place = start; place < end; place++)
            {
                sum += shares[place];
            }

            if (sum > 0)
            {
                reasons.Add(new TextReason(start, end, text[start..end], sum));
            }
        }

        return [.. reasons.OrderByDescending(static reason => reason.Share).ThenBy(static reason => reason.Start).Take(most)];
    }

    private double Contribution(int id, int label) => Weights.Labels == Labels.Count
        ? Weights[id, label] * Calibration.Scales[label]
        : (label == 1 ? 1 : -1) * Weights[id, 0] * Calibration.Scales[0];
}
