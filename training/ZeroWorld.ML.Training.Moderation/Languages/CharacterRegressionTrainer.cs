using System.Collections;
using System.Numerics.Tensors;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Multinomial logistic regression over the characters of single words, fitted by steps of Adagrad: what tells a label from its near relations, which a model of each label by itself does not look for.</summary>
/// <remarks>
/// Every label counts alike, however many words it has, and each of its words once. Only n-grams that two words have are learned. Of an n-gram the labels none of whose words has it share one weight, their mean: what
/// single steps left there is chance. One thread, so that equal input gives equal weights; stateless.
/// </remarks>
internal static class CharacterRegressionTrainer
{
    private const int Epochs = 4;
    private const float Rate = 0.15f;

    // An n-gram of few words moves as if it had been in more: as far as the first step would take it, one word says too little.
    private const float SquaresMin = 5;

    /// <param name="random">The order of the words.</param>
    /// <returns>With room for a row of every n-gram of the words, whether or not it is learned.</returns>
    public static LinearWeights Fit(TextFeaturizer featurizer, WordCounts words, Random random, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (ids, count, examples) = Read(featurizer, words, cancellationToken);
        var weights = new LinearWeights(featurizer.Size, words.Labels.Count, count + 1);
        foreach (var id in ids)
        {
            weights.AddRow(id);
        }

        Span<int> order = [.. Enumerable.Range(0, examples.Count)];
        var (margins, squares) = (new float[words.Labels.Count], new float[featurizer.Size]);
        float[] each = [.. words.Labels.Select((_, label) => (float)examples.Count / words.Labels.Count / Math.Max(1, words.Of(label).Count))];
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            random.Shuffle(order);
            for (var at = 0; at < order.Length; at++)
            {
                var example = examples[order[at]];
                weights.Score(example.Ids, example.Values, margins);

                // A text of one repeated letter has margins whose powers are infinite.
                TensorPrimitives.Subtract(margins, TensorPrimitives.Max<float>(margins), margins);
                TensorPrimitives.SoftMax<float>(margins, margins);
                margins[example.Label]--;
                TensorPrimitives.Multiply(margins, each[example.Label] * example.Share, margins);
                Step(weights, example, margins, squares, Rate * (Epochs - epoch) / Epochs);
                if (at % 4_096 == 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    progress?.Report((epoch + ((double)at / order.Length)) / Epochs);
                }
            }
        }

        ShareUnseen(weights, ids, examples);
        return weights;
    }

    private static void Step(LinearWeights weights, Example example, ReadOnlySpan<float> slopes, float[] squares, float rate)
    {
        var square = TensorPrimitives.SumOfSquares(slopes);
        for (var place = 0; place < example.Ids.Length; place++)
        {
            var (id, value) = (example.Ids[place], example.Values[place]);
            squares[id] += square * value * value;
            var row = weights.RowOf(id);
            TensorPrimitives.MultiplyAdd(slopes, -rate * value / MathF.Sqrt(squares[id] + SquaresMin), row, row);
        }
    }

    // The words of each label, with those of their n-grams that another word has as well.
    private static (List<int> Ids, int Count, List<Example> Examples) Read(TextFeaturizer featurizer, WordCounts words, CancellationToken cancellationToken)
    {
        var (workspace, examples, seen, ids) = (new TextWorkspace(), new List<Example>(), new byte[featurizer.Size], new List<int>());
        for (var label = 0; label < words.Labels.Count; label++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var (word, times) in words.Of(label))
            {
                featurizer.Featurize(word, workspace);
                foreach (var id in workspace.Ids)
                {
                    seen[id] = (byte)Math.Min(seen[id] + 1, 2);
                    if (seen[id] == 1)
                    {
                        ids.Add(id);
                    }
                }

                examples.Add(new Example(label, workspace.Ids.ToArray(), workspace.Values.ToArray(), times > 0 ? 1 : WordCounts.OtherSpelling));
            }
        }

        for (var at = 0; at < examples.Count; at++)
        {
            var (label, all, values, share) = examples[at];
            int[] kept = [.. Enumerable.Range(0, all.Length).Where(place => seen[all[place]] == 2)];
            examples[at] = new Example(label, [.. kept.Select(place => all[place])], [.. kept.Select(place => values[place])], share);
        }

        return (ids.FindAll(id => seen[id] == 2), ids.Count, examples);
    }

    private static void ShareUnseen(LinearWeights weights, List<int> ids, List<Example> examples)
    {
        // Of each label a bit for each row.
        var isSeen = new BitArray[weights.Labels];
        for (var label = 0; label < isSeen.Length; label++)
        {
            isSeen[label] = new BitArray(ids.Count);
        }

        foreach (var (label, of, _, _) in examples)
        {
            foreach (var id in of)
            {
                isSeen[label][weights.RowNumberOf(id)] = true;
            }
        }

        foreach (var id in ids)
        {
            var row = weights.RowOf(id);
            var number = weights.RowNumberOf(id);
            var (sum, count) = (0f, 0);
            for (var label = 0; label < row.Length; label++)
            {
                (sum, count) = isSeen[label][number] ? (sum, count) : (sum + row[label], count + 1);
            }

            for (var label = 0; label < row.Length; label++)
            {
                row[label] = isSeen[label][number] ? row[label] : sum / count;
            }
        }
    }

    private readonly record struct Example(int Label, int[] Ids, float[] Values, float Share);
}
