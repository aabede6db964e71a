using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Measures a boosted model after every few trees: the sum of its first trees is the model that training had then. Pure functions.</summary>
internal static class LearningCurve
{
    private const int RowsMax = 20_000;

    /// <param name="treesPerStep">Trees that were added together, one by each of the averaged fits.</param>
    internal static IReadOnlyList<LearningStep> Of(
        TreeEnsemble ensemble, int treesPerStep, TrainingTable table, ReadOnlySpan<int> fit, ReadOnlySpan<int> validation, int pointsMax)
    {
        var (seen, held) = (new Progress(ensemble, table, fit), new Progress(ensemble, table, validation));
        var count = ensemble.Trees.Count / treesPerStep;
        var every = Math.Max(1, (count + pointsMax - 1) / pointsMax);
        var steps = new List<LearningStep>();
        for (var step = 1; step <= count; step++)
        {
            for (var tree = (step - 1) * treesPerStep; tree < step * treesPerStep; tree++)
            {
                seen.Add(ensemble.Trees[tree]);
                held.Add(ensemble.Trees[tree]);
            }

            if (step % every == 0 || step == count)
            {
                steps.Add(new LearningStep(step, seen.LogLoss(), held.LogLoss()));
            }
        }

        return steps;
    }

    private sealed class Progress
    {
        private readonly TreeEnsemble _ensemble;
        private readonly TrainingTable _table;
        private readonly int[] _rows;
        private readonly bool[] _labels;
        private readonly double[] _sums;

        internal Progress(TreeEnsemble ensemble, TrainingTable table, ReadOnlySpan<int> rows)
        {
            _ensemble = ensemble;
            _table = table;
            _rows = RowSample.Spread(rows, RowsMax);
            _labels = table.LabelsOf(_rows);
            _sums = new double[_rows.Length];
        }

        internal void Add(DecisionTree tree)
        {
            for (var index = 0; index < _rows.Length; index++)
            {
                _sums[index] += tree.LeafValues[tree.FindLeaf(_table.Features(_rows[index]))];
            }
        }

        internal double LogLoss()
        {
            var scores = new float[_sums.Length];
            for (var index = 0; index < scores.Length; index++)
            {
                scores[index] = (float)PlainSigmoid.Instance.Apply((_ensemble.Slope * (_ensemble.BaseScore + _sums[index])) + _ensemble.Offset);
            }

            return BinaryMetrics.LogLoss(scores, _labels);
        }
    }
}
