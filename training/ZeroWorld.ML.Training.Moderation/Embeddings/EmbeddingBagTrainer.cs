using System.Numerics.Tensors;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A vector per feature, added up over a text, and a linear head on the sum (Joulin et al. 2016, "Bag of tricks for efficient text classification").</summary>
/// <remarks>
/// Minimises the cross entropy (of the softmax over exclusive labels, of each label's sigmoid otherwise) by AdaGrad, one step size per feature's vector, with features left out at
/// random. Features are scaled by their rarity. Since nothing stands between sum and head, the fitted model is a linear one of low rank: it is returned as its weights, so that it is
/// explained, calibrated, exported and served as those are. A feature that no row has weighs 0. Equal rows, settings and seed give equal weights. Stateless and thread safe.
/// </remarks>
public static class EmbeddingBagTrainer
{
    /// <param name="features">All rows.</param>
    /// <param name="labels">Of the same rows.</param>
    /// <param name="rows">The rows to learn from, each once.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting. <see cref="TrainingError.UnsuitableData"/>: a label that all rows or none have.</exception>
    public static LinearWeights Fit(
        SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, EmbeddingBagSettings settings, int seed, CancellationToken cancellationToken) =>
        Fit(features, labels, rows, [], settings, seed, cancellationToken);

    /// <summary>The same with rows that count less.</summary>
    /// <param name="shares">Of each of <paramref name="rows"/> the part of a row's loss that its own is, above 0; empty: all count alike.</param>
    internal static LinearWeights Fit(
        SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares, EmbeddingBagSettings settings, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        labels.CheckBoth(rows);
        var bag = new Bag(features, labels, rows, settings, new Random(seed));
        bag.Fit(rows, shares, cancellationToken);
        return bag.ToWeights();
    }

    private sealed class Bag
    {
        private const float Epsilon = 1e-6f;

        private readonly SparseRows _features;
        private readonly LabelMatrix _labels;
        private readonly EmbeddingBagSettings _settings;
        private readonly Random _random;
        private readonly float[] _scales;
        private readonly float[] _vectors;
        private readonly float[] _squares;
        private readonly bool[] _isSeen;
        private readonly float[][] _heads;
        private readonly float[] _headSquares;
        private readonly float[] _bias;
        private readonly float[] _sum;
        private readonly float[] _slope;
        private readonly float[] _errors;

        public Bag(SparseRows features, LabelMatrix labels, ReadOnlySpan<int> rows, EmbeddingBagSettings settings, Random random)
        {
            (_features, _labels, _settings, _random) = (features, labels, settings, random);
            var dimensions = settings.Dimensions;
            _scales = FeatureScales.Rarity(features, rows);
            _isSeen = new bool[features.Size];
            foreach (var row in rows)
            {
                foreach (var id in features.Ids(row))
                {
                    _isSeen[id] = true;
                }
            }

            _vectors = new float[features.Size * dimensions];
            _squares = new float[features.Size];
            for (var id = 0; id < features.Size; id++)
            {
                _scales[id] = MathF.Sqrt(_scales[id]);
                if (_isSeen[id])
                {
                    foreach (ref var value in VectorOf(id))
                    {
                        value = ((float)random.NextDouble() - 0.5f) * 2 / dimensions;
                    }
                }
            }

            _heads = [.. Enumerable.Range(0, labels.Columns).Select(_ => new float[dimensions])];
            (_headSquares, _bias, _errors) = (new float[labels.Columns], new float[labels.Columns], new float[labels.Columns]);
            (_sum, _slope) = (new float[dimensions], new float[dimensions]);
        }

        public void Fit(ReadOnlySpan<int> rows, ReadOnlySpan<float> shares, CancellationToken cancellationToken)
        {
            int[] order = [.. Enumerable.Range(0, rows.Length)];
            var (steps, done) = ((double)rows.Length * _settings.Epochs, 0);
            var kept = new List<int>();
            for (var epoch = 0; epoch < _settings.Epochs; epoch++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _random.Shuffle(order);
                foreach (var place in order)
                {
                    Step(rows[place], shares.Length == 0 ? 1 : shares[place], (float)(_settings.LearningRate * (1 - (done++ / steps))), kept);
                }
            }
        }

        public LinearWeights ToWeights()
        {
            // Two exclusive labels are one question: the second column's.
            var isOne = _labels.IsExclusive && _labels.Columns == 2;
            var weights = new LinearWeights(_features.Size, isOne ? 1 : _labels.Columns);
            for (var id = 0; id < _features.Size; id++)
            {
                if (_isSeen[id])
                {
                    var row = weights.RowOf(id);
                    for (var label = 0; label < row.Length; label++)
                    {
                        row[label] = _scales[id] * (isOne ? Dot(id, 1) - Dot(id, 0) : Dot(id, label));
                    }
                }
            }

            for (var label = 0; label < weights.Labels; label++)
            {
                weights.Bias[label] = isOne ? _bias[1] - _bias[0] : _bias[label];
            }

            return weights;
        }

        private Span<float> VectorOf(int id) => _vectors.AsSpan(id * _settings.Dimensions, _settings.Dimensions);

        private float Dot(int id, int label) => TensorPrimitives.Dot<float>(VectorOf(id), _heads[label]);

        private void Step(int row, float share, float rate, List<int> kept)
        {
            var ids = _features.Ids(row);
            var values = _features.Values(row);
            kept.Clear();
            Array.Clear(_sum);
            var scale = (float)(1 / (1 - _settings.Dropout));
            for (var place = 0; place < ids.Length; place++)
            {
                if (_settings.Dropout == 0 || _random.NextDouble() >= _settings.Dropout)
                {
                    kept.Add(place);
                    TensorPrimitives.MultiplyAdd(VectorOf(ids[place]), values[place] * _scales[ids[place]] * scale, _sum, _sum);
                }
            }

            SetErrors(row);
            TensorPrimitives.Multiply(_errors, share, _errors);
            Array.Clear(_slope);
            for (var label = 0; label < _errors.Length; label++)
            {
                var error = _errors[label];
                TensorPrimitives.MultiplyAdd(_heads[label], error, _slope, _slope);
                _headSquares[label] += error * error * TensorPrimitives.SumOfSquares<float>(_sum) / _sum.Length;
                TensorPrimitives.MultiplyAdd(_sum, -rate * error / MathF.Sqrt(_headSquares[label] + Epsilon), _heads[label], _heads[label]);
                _bias[label] -= rate * 0.1f * error;
            }

            var slope = TensorPrimitives.SumOfSquares<float>(_slope) / _slope.Length;
            foreach (var place in kept)
            {
                var (id, value) = (ids[place], values[place] * _scales[ids[place]] * scale);
                _squares[id] += slope * value * value;
                TensorPrimitives.MultiplyAdd(_slope, -rate * value / MathF.Sqrt(_squares[id] + Epsilon), VectorOf(id), VectorOf(id));
            }
        }

        // What the model says of the row, less what is.
        private void SetErrors(int row)
        {
            for (var label = 0; label < _errors.Length; label++)
            {
                _errors[label] = TensorPrimitives.Dot<float>(_sum, _heads[label]) + _bias[label];
            }

            if (_labels.IsExclusive)
            {
                TensorPrimitives.SoftMax(_errors, _errors);
            }
            else
            {
                TensorPrimitives.Sigmoid(_errors, _errors);
            }

            for (var label = 0; label < _errors.Length; label++)
            {
                _errors[label] -= _labels[row, label] ? 1 : 0;
            }
        }
    }
}
