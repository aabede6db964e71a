using System.Numerics.Tensors;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A model of the order of characters for each label, with equal priors, as linear weights: what tells languages apart with few texts of each.</summary>
/// <remarks>
/// The chance of a character after the characters before it is interpolated with the chance after one fewer, down to the chance of any character (Witten and Bell, 1991):
/// <c>p(c | context) = (count(context c) + d types(context) p(c | shorter context)) / (count(context) + d types(context))</c>. With longer contexts d grows: what was seen once of them says less.
/// A word that a label has n times counts for the square root of n: what a language's words are made of says more about a word that was never seen than how often its common ones are there.
/// The weight of an n-gram is <c>ln p(c | context) - ln p(c | shorter context) - ln e(context)</c>, and that of a context <c>ln e(context)</c> more, where <c>e = d types(context) / (count(context) + d types(context))</c>
/// is what the shorter context keeps, each less its mean over the labels: over a text these add up to its log chance, whether or not its n-grams were seen,
/// so that a linear model over counted characters (<see cref="TextFeaturizerSettings.AreCharactersCounted"/>) is such a model exactly. Stateless and thread safe.
/// </remarks>
public static class CharacterModelTrainer
{
    internal const double DiscountDefault = 3;

    // How much d grows with each character of context beyond the first.
    private const float Growth = 0.5f;

    /// <param name="featurizer">Its character channel is the only one that weighs.</param>
    /// <param name="labels">One per text.</param>
    /// <param name="discount">How much the shorter contexts count, d above, for those of at most one character; half as much again with each further one. Above 0, default 3.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, <see cref="TrainingError.UnsuitableData"/>: labels are not exclusive, fewer than three, or one has no text.</exception>
    public static LinearWeights Fit(
        TextFeaturizer featurizer, IReadOnlyList<string> texts, LabelMatrix labels, double discount = DiscountDefault, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(featurizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(labels);
        if (!(discount > 0 && double.IsFinite(discount)))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"discount: {discount} is not valid; expected a number above 0.");
        }

        if (featurizer.Settings.CharacterMin != 1)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"character_min: {featurizer.Settings.CharacterMin} is not valid; a model of characters expects 1.");
        }

        if (!labels.IsExclusive || labels.Columns < 3 || labels.Rows != texts.Count)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"labels: {labels.Columns} of {labels.Rows} rows and {texts.Count} texts, exclusive: {labels.IsExclusive}; expected three or more labels, one per text.");
        }

        var counts = Count(featurizer, WordCounts.Of(texts, labels), progress, cancellationToken);
        var weights = new LinearWeights(featurizer.Size, labels.Columns, counts.Sum(static order => order.Count));
        Add(weights, 1, featurizer, counts, (float)discount, cancellationToken);
        return weights;
    }

    /// <summary>Adds a share of the models to weights that have room for every n-gram of the words: many labels' take as much memory as all else.</summary>
    internal static void Add(LinearWeights weights, float share, TextFeaturizer featurizer, WordCounts words, double discount, IProgress<double>? progress, CancellationToken cancellationToken) =>
        Add(weights, share, featurizer, Count(featurizer, words, progress, cancellationToken), (float)discount, cancellationToken);

    private static CharacterCounts[] Count(TextFeaturizer featurizer, WordCounts words, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        CharacterCounts[] counts = [.. Enumerable.Range(0, featurizer.Settings.CharacterMax).Select(_ => new CharacterCounts(words.Labels.Count))];
        var (workspace, ngrams) = (new TextWorkspace(), new List<CharacterNgram>());
        for (var label = 0; label < words.Labels.Count; label++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var (word, times) in words.Of(label))
            {
                featurizer.CharacterNgrams(word, workspace, ngrams);
                foreach (var ngram in ngrams)
                {
                    counts[ngram.Length - 1].Add(ngram, label, times > 0 ? MathF.Sqrt(times) : WordCounts.OtherSpelling);
                }
            }

            if (!counts[0].Has(label))
            {
                throw new TrainingException(TrainingError.UnsuitableData, $"label '{words.Labels[label]}': no text of it has a character; expected at least one.");
            }

            progress?.Report((label + 1.0) / words.Labels.Count);
        }

        return counts;
    }

    private static void Add(LinearWeights weights, float share, TextFeaturizer featurizer, CharacterCounts[] counts, float discount, CancellationToken cancellationToken)
    {
        var columns = weights.Labels;
        var (spaceKey, space) = (SpaceOf(featurizer), new float[columns]);
        var (logs, own, totals, types) = (new float[columns], new float[columns], new float[columns], new float[columns]);
        float[] shorter = [];
        for (var length = 1; length <= counts.Length; length++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (order, escape) = (counts[length - 1], discount * (1 + (Growth * Math.Max(length - 2, 0))));
            var tables = order.TakeTables();

            // Nothing is longer than the longest: its chances are of use for their own weights alone.
            var isLongest = length == counts.Length;
            var chances = new float[isLongest ? columns : order.Count * columns];
            for (var row = 0; row < order.Count; row++)
            {
                var (ngram, context) = (order.NgramOf(row), tables.ContextOf[row]);
                var chance = chances.AsSpan(isLongest ? 0 : row * columns, columns);
                if (length == 1)
                {
                    chance.Fill(1f / order.Count);
                }
                else
                {
                    shorter.AsSpan(counts[length - 2].RowOf(ngram.SuffixKey) * columns, columns).CopyTo(chance);
                }

                tables.CountsOf(row, own);
                tables.SumsOf(context, totals, types);
                Weigh(own, totals, types, escape, length == 1, chance, logs);
                AddCentred(logs, share, ngram.Key == spaceKey ? space : weights.AddRow(ngram.Id));
            }

            for (var context = 0; length > 1 && context < tables.Contexts.Length; context++)
            {
                tables.SumsOf(context, totals, types);
                Keep(totals, types, escape, logs);
                var ngram = counts[length - 2].NgramOf(counts[length - 2].RowOf(tables.Contexts[context]));
                AddCentred(logs, share, ngram.Key == spaceKey ? space : weights.AddRow(ngram.Id));
            }

            shorter = chances;
        }

        MoveSpace(spaceKey, space, counts, weights);
    }

    // Chance comes as that after the shorter context, and leaves as that after the whole one.
    private static void Weigh(
        ReadOnlySpan<float> counts, ReadOnlySpan<float> totals, ReadOnlySpan<float> types, float discount, bool isFirst, Span<float> chance, Span<float> logs)
    {
        for (var label = 0; label < counts.Length; label++)
        {
            var (escape, kept) = (discount * types[label], totals[label] + (discount * types[label]));
            var next = totals[label] > 0 ? (counts[label] + (escape * chance[label])) / kept : chance[label];
            var without = totals[label] > 0 ? chance[label] * escape / kept : chance[label];
            logs[label] = isFirst ? MathF.Log(next) : MathF.Log(next / without);
            chance[label] = next;
        }
    }

    // What the shorter context keeps of the chance of a character: all of it where a label does not have the context.
    private static void Keep(ReadOnlySpan<float> totals, ReadOnlySpan<float> types, float discount, Span<float> logs)
    {
        for (var label = 0; label < totals.Length; label++)
        {
            logs[label] = totals[label] > 0 ? MathF.Log(discount * types[label] / (totals[label] + (discount * types[label]))) : 0;
        }
    }

    private static uint SpaceOf(TextFeaturizer featurizer)
    {
        var ngrams = new List<CharacterNgram>();
        featurizer.CharacterNgrams("a", new TextWorkspace(), ngrams);
        return ngrams[1].Key;
    }

    // A space alone is no feature: what it weighs is that of the last character and the space, of which each word has one.
    private static void MoveSpace(uint spaceKey, ReadOnlySpan<float> space, CharacterCounts[] counts, LinearWeights weights)
    {
        for (var row = 0; counts.Length > 1 && row < counts[1].Count; row++)
        {
            var ngram = counts[1].NgramOf(row);
            if (ngram.SuffixKey == spaceKey)
            {
                var moved = weights.RowOf(ngram.Id);
                TensorPrimitives.Add(moved, space, moved);
            }
        }
    }

    private static void AddCentred(ReadOnlySpan<float> logs, float share, Span<float> weights)
    {
        var sum = 0f;
        foreach (var log in logs)
        {
            sum += log;
        }

        for (var label = 0; label < weights.Length; label++)
        {
            weights[label] += share * (logs[label] - (sum / weights.Length));
        }
    }
}
