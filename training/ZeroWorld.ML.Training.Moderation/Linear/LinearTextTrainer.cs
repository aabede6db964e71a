using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Fits logistic regressions, one per label, that share their pass over the features.</summary>
/// <remarks>
/// Minimises <c>|w|^2 / 2 + sum of cost x ln(1 + exp(-y (w x + b)))</c> per label by dual coordinate descent (Yu, Huang and Lin 2011, "Dual coordinate descent methods for
/// logistic regression and maximum entropy models"); the bias is a feature of value 1. With a scaling s the features are <c>s x</c>, and s goes into the weights: what is
/// fitted reads plain features. Equal rows, settings and seed give equal weights. Stateless and thread safe.
/// </remarks>
public static class LinearTextTrainer
{
    /// <param name="features">All rows.</param>
    /// <param name="labels">Of the same rows.</param>
    /// <param name="rows">The rows to learn from, each once.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting. <see cref="TrainingError.UnsuitableData"/>: a label that all rows or none have.</exception>
    public static LinearWeights Fit(
        SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, LinearTextSettings settings, int seed, CancellationToken cancellationToken) =>
        Fit(features, labels, rows, [], settings, seed, cancellationToken);

    /// <summary>The same with rows that count less.</summary>
    /// <param name="shares">Of each of <paramref name="rows"/> the part of a row's loss that its own is, above 0; empty: all count alike.</param>
    internal static LinearWeights Fit(
        SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares, LinearTextSettings settings, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();

        // Two exclusive labels are one question: the second column's.
        var columns = labels.IsExclusive && labels.Columns == 2 ? 1 : labels.Columns;
        var ranked = features.Ranked(rows, out var ids);
        var learned = new LinearWeights(ranked.Size, columns);
        var problem = new Problem(ranked, labels, rows.ToArray(), shares, settings, learned);
        problem.Solve(new Random(seed), cancellationToken);
        var weights = new LinearWeights(features.Size, columns);
        learned.Bias.CopyTo(weights.Bias.AsSpan());
        for (var number = 0; number < ids.Length; number++)
        {
            learned.RowOf(number).CopyTo(weights.RowOf(ids[number]));
        }

        return weights;
    }

    private sealed class Problem
    {
        private const int NewtonSteps = 20;

        private readonly SparseRows _features;
        private readonly int[] _rows;
        private readonly LinearTextSettings _settings;
        private readonly LinearWeights _weights;
        private readonly int _stride;
        private readonly float[] _scales;
        private readonly bool _isScalePerLabel;
        private readonly sbyte[] _signs;
        private readonly float[] _bounds;
        private readonly float[] _duals;
        private readonly float[] _norms;

        public Problem(SparseRows features, LabelMatrix labels, int[] rows, ReadOnlySpan<float> shares, LinearTextSettings settings, LinearWeights weights)
        {
            (_features, _rows, _settings, _weights, _stride) = (features, rows, settings, weights, weights.Stride);
            var offset = weights.Labels == labels.Columns ? 0 : 1;
            (_signs, _bounds) = (new sbyte[rows.Length * _stride], new float[rows.Length * _stride]);
            for (var label = 0; label < weights.Labels; label++)
            {
                SetTargets(labels, label, label + offset, shares);
            }

            _isScalePerLabel = settings.Scaling == FeatureScaling.LogRatio;
            _scales = settings.Scaling switch
            {
                FeatureScaling.Rarity => FeatureScales.Rarity(features, rows),
                FeatureScaling.LogRatio => FeatureScales.LogRatio(features, rows, _signs, _stride),
                _ => [],
            };
            _duals = new float[rows.Length * _stride];
            _norms = new float[rows.Length * (_isScalePerLabel ? _stride : 1)];
            for (var row = 0; row < rows.Length; row++)
            {
                SetNorm(row);
            }
        }

        public void Solve(Random random, CancellationToken cancellationToken)
        {
            var order = Enumerable.Range(0, _rows.Length).ToArray();
            var (margins, deltas) = (new float[_stride], new float[_stride]);
            for (var pass = 0; pass < _settings.PassesMax; pass++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                random.Shuffle(order);
                var moved = 0f;
                foreach (var row in order)
                {
                    moved = Math.Max(moved, Step(row, margins, deltas, isFirst: pass == 0));
                }

                if (moved < _settings.Tolerance)
                {
                    break;
                }
            }
        }

        private void SetTargets(LabelMatrix labels, int column, int label, ReadOnlySpan<float> shares)
        {
            var positives = 0;
            foreach (var row in _rows)
            {
                positives += labels[row, label] ? 1 : 0;
            }

            if (positives == 0 || positives == _rows.Length)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    $"label '{labels.Names[label]}': {positives} of {_rows.Length} training rows have it; expected rows with it and rows without it.");
            }

            var half = _rows.Length / 2.0;
            var positiveCost = (float)(_settings.Cost * Math.Pow(half / positives, _settings.Balance));
            var negativeCost = (float)(_settings.Cost * Math.Pow(half / (_rows.Length - positives), _settings.Balance));
            for (var row = 0; row < _rows.Length; row++)
            {
                var isPositive = labels[_rows[row], label];
                _signs[(row * _stride) + column] = (sbyte)(isPositive ? 1 : -1);
                _bounds[(row * _stride) + column] = (isPositive ? positiveCost : negativeCost) * (shares.Length == 0 ? 1 : shares[row]);
            }
        }

        private void SetNorm(int row)
        {
            var ids = _features.Ids(_rows[row]);
            var values = _features.Values(_rows[row]);
            if (!_isScalePerLabel)
            {
                var sum = 1f;
                for (var place = 0; place < ids.Length; place++)
                {
                    sum += values[place] * values[place] * (_scales.Length == 0 ? 1 : _scales[ids[place]]);
                }

                _norms[row] = sum;
                return;
            }

            var norms = _norms.AsSpan(row * _stride, _stride);
            norms.Fill(1);
            for (var place = 0; place < ids.Length; place++)
            {
                for (var label = 0; label < _stride; label++)
                {
                    norms[label] += values[place] * values[place] * _scales[(ids[place] * _stride) + label];
                }
            }
        }

        // One row: margins of all labels, the best dual variable of each, and what that changes in the weights.
        private float Step(int row, float[] margins, float[] deltas, bool isFirst)
        {
            var ids = _features.Ids(_rows[row]);
            var values = _features.Values(_rows[row]);
            _weights.Score(ids, values, margins);
            var moved = 0f;
            for (var label = 0; label < _weights.Labels; label++)
            {
                var place = (row * _stride) + label;
                var (sign, bound, old) = (_signs[place], _bounds[place], isFirst ? 0 : _duals[place]);
                var dual = Maximize(sign * margins[label], _norms[_isScalePerLabel ? place : row], bound, old);
                _duals[place] = dual;
                deltas[label] = sign * (dual - old);
                moved = Math.Max(moved, Math.Abs(dual - old) / bound);
                _weights.Bias[label] += deltas[label];
            }

            if (moved > 1e-6f)
            {
                Update(ids, values, deltas);
            }

            return moved;
        }

        // Finds the margin m with m = margin + norm (bound sigmoid(-m) - old): the left side grows, the right side falls, so there is one.
        private static float Maximize(float margin, float norm, float bound, float old)
        {
            var low = margin - (norm * old);
            var high = low + (norm * bound);
            var m = Math.Clamp(margin, low, high);
            var dual = old;
            for (var step = 0; step < NewtonSteps; step++)
            {
                var share = 1 / (1 + MathF.Exp(m));
                dual = bound * share;
                var error = m - margin - (norm * (dual - old));
                (low, high) = error > 0 ? (low, m) : (m, high);
                var change = error / (1 + (norm * bound * share * (1 - share)));
                if (Math.Abs(change) < 1e-5f)
                {
                    break;
                }

                var next = m - change;
                m = next > low && next < high ? next : (low + high) / 2;
            }

            return dual;
        }

        private void Update(ReadOnlySpan<int> ids, ReadOnlySpan<float> values, float[] deltas)
        {
            var weights = _weights.Array;
            if (_stride == 1)
            {
                for (var place = 0; place < ids.Length; place++)
                {
                    weights[ids[place]] += deltas[0] * values[place] * (_scales.Length == 0 ? 1 : _scales[ids[place]]);
                }

                return;
            }

            var steps = MemoryMarshal.Cast<float, Vector128<float>>(deltas.AsSpan());
            for (var place = 0; place < ids.Length; place++)
            {
                var row = MemoryMarshal.Cast<float, Vector128<float>>(weights.AsSpan(ids[place] * _stride, _stride));
                if (_isScalePerLabel)
                {
                    var scale = MemoryMarshal.Cast<float, Vector128<float>>(_scales.AsSpan(ids[place] * _stride, _stride));
                    for (var part = 0; part < row.Length; part++)
                    {
                        row[part] += steps[part] * scale[part] * values[place];
                    }
                }
                else
                {
                    var factor = values[place] * (_scales.Length == 0 ? 1 : _scales[ids[place]]);
                    for (var part = 0; part < row.Length; part++)
                    {
                        row[part] += steps[part] * factor;
                    }
                }
            }
        }
    }
}
