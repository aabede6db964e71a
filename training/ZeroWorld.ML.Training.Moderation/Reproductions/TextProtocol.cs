using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Cross validation of linear text models whose hyper-parameters are chosen on rows inside each training part.</summary>
/// <param name="Featurizer">Knows nothing of the rows, so that it may run before they are split.</param>
/// <param name="Grid">Settings to choose from, simple ones first.</param>
/// <param name="Metric">What validation rows choose by; greater is better.</param>
/// <param name="Folds">2 or more.</param>
internal sealed record TextProtocol(TextFeaturizer Featurizer, IReadOnlyList<LinearTextSettings> Grid, Func<ClassMetrics, double> Metric, int Folds)
{
    private const int ValidationFolds = 5;

    /// <summary>Runs all folds of one seed.</summary>
    /// <param name="finished">Called after each fold; from any thread.</param>
    public TextFold[] Run(SparseRows features, LabelMatrix labels, int seed, Action finished, CancellationToken cancellationToken)
    {
        var classes = Enumerable.Range(0, labels.Rows).Select(labels.ClassOf).ToArray();
        var folds = StratifiedFolds.Of(classes, Folds, seed);
        var results = new TextFold[Folds];
        Parallel.For(0, Folds, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount }, fold =>
        {
            results[fold] = RunFold(features, labels, classes, folds, fold, seed, cancellationToken);
            finished();
        });
        return results;
    }

    internal static float[] Margins(LinearWeights weights, ReadOnlySpan<int> ids, ReadOnlySpan<float> values)
    {
        var margins = new float[weights.Labels];
        weights.Score(ids, values, margins);
        return margins;
    }

    private TextFold RunFold(SparseRows features, LabelMatrix labels, int[] classes, int[] folds, int fold, int seed, CancellationToken cancellationToken)
    {
        int[] train = [.. Enumerable.Range(0, classes.Length).Where(row => folds[row] != fold)];
        int[] test = [.. Enumerable.Range(0, classes.Length).Where(row => folds[row] == fold)];
        var inner = StratifiedFolds.Of([.. train.Select(row => classes[row])], ValidationFolds, seed + 1_000 + fold);
        int[] fit = [.. train.Where((_, place) => inner[place] != 0)];
        int[] validate = [.. train.Where((_, place) => inner[place] == 0)];
        int[] validateClasses = [.. validate.Select(row => classes[row])];
        var (bestMetric, best, offsets) = (double.NegativeInfinity, Grid[0], Array.Empty<float>());
        foreach (var settings in Grid)
        {
            var trial = LinearTextTrainer.Fit(features, labels, fit, settings, seed, cancellationToken);
            float[][] margins = [.. validate.Select(row => Margins(trial, features.Ids(row), features.Values(row)))];
            var (chosen, metric) = DecisionOffsets.Choose(margins, validateClasses, trial.Labels, labels.Columns, Metric);
            if (metric > bestMetric)
            {
                (bestMetric, best, offsets) = (metric, settings, chosen);
            }
        }

        var model = LinearTextTrainer.Fit(features, labels, train, best, seed, cancellationToken);
        int[] decided = [.. test.Select(row => DecisionOffsets.Decide(Margins(model, features.Ids(row), features.Values(row)), offsets))];
        return new TextFold(test, decided, ClassMetrics.Of([.. test.Select(row => classes[row])], decided, labels.Columns), best, offsets, model);
    }
}

/// <param name="Test">Rows that were held out.</param>
/// <param name="Decided">Their classes as the model says.</param>
internal sealed record TextFold(int[] Test, int[] Decided, ClassMetrics Metrics, LinearTextSettings Settings, float[] Offsets, LinearWeights Model);
