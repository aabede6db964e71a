using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Filters of several widths over the vectors of word pieces, the strongest answer of each, and a linear head (Kim 2014, "Convolutional neural networks for sentence classification").</summary>
/// <remarks>
/// Minimises the cross entropy (of the softmax over exclusive labels, of each label's sigmoid otherwise) by Adam. Every text is padded on both sides by as much as a filter is wide, so that one
/// filter answer is of padding alone whatever else the batch holds: a text's margins do not depend on the texts beside it. One thread of libtorch: equal rows, settings and seed give equal weights.
/// </remarks>
public static class ConvolutionTrainer
{
    // Labels' margins of so many texts at once.
    private const int ScoredRows = 256;

    /// <param name="pieces">Per text the ids of its word pieces, 1 or more each; 0 is padding.</param>
    /// <param name="labels">Of the same texts.</param>
    /// <param name="rows">The texts to learn from.</param>
    /// <param name="vocabulary">Ids are below it.</param>
    /// <param name="finished">Called after each pass.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting. <see cref="TrainingError.UnsuitableData"/>: a label that all rows or none have.</exception>
    public static ConvolutionWeights Fit(
        IReadOnlyList<int[]> pieces, LabelMatrix labels, ReadOnlySpan<int> rows, int vocabulary, ConvolutionSettings settings, int seed, Action? finished, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pieces);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        labels.CheckBoth(rows);
        var order = rows.ToArray();
        return TorchGate.Run(1, () =>
        {
            using var network = new Network(vocabulary, labels.Columns, settings, seed);
            network.Fit(pieces, labels, order, new Random(seed), finished, cancellationToken);
            return network.ToWeights();
        });
    }

    /// <summary>Margins of each label, before softmax or sigmoid.</summary>
    public static float[][] Margins(ConvolutionWeights weights, IReadOnlyList<int[]> pieces, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(pieces);
        return TorchGate.Run(1, () =>
        {
            using var network = new Network(weights);
            return network.Margins(pieces, cancellationToken);
        });
    }

    private sealed class Network : IDisposable
    {
        private readonly ConvolutionSettings _settings;
        private readonly Parameter _vectors;
        private readonly Parameter[] _kernels;
        private readonly Parameter[] _biases;
        private readonly Parameter _head;
        private readonly Parameter _headBias;

        public Network(int vocabulary, int labels, ConvolutionSettings settings, int seed)
        {
            _settings = settings;
            using var scope = NewDisposeScope();
            var generator = new Generator((ulong)seed);
            Parameter Make(double scale, params long[] shape) => new(randn(shape, generator: generator).Times(scale).MoveToOuterDisposeScope(), true);
            var (dimensions, filters) = (settings.Dimensions, settings.Filters);
            _vectors = Make(0.3, vocabulary, dimensions);
            using (no_grad())
            {
                _vectors[0].zero_();
            }

            _kernels = [.. settings.Widths.Select(width => Make(1 / Math.Sqrt(dimensions * width), filters, dimensions, width))];
            _biases = [.. settings.Widths.Select(_ => Make(0, filters))];
            _head = Make(1 / Math.Sqrt(filters * settings.Widths.Count), labels, filters * settings.Widths.Count);
            _headBias = Make(0, labels);
            generator.Dispose();
            foreach (var parameter in All)
            {
                parameter.DetachFromDisposeScope();
            }
        }

        public Network(ConvolutionWeights weights)
        {
            _settings = weights.Settings;
            var (dimensions, filters, widths) = (_settings.Dimensions, _settings.Filters, _settings.Widths);
            static Parameter Of(float[] values, params long[] shape) => new(tensor(values, shape), false);
            _vectors = Of(weights.Vectors, weights.Vectors.Length / dimensions, dimensions);
            _kernels = [.. widths.Select((width, place) => Of(weights.Kernels[place], filters, dimensions, width))];
            _biases = [.. weights.KernelBias.Select(bias => Of(bias, filters))];
            _head = Of(weights.Head, weights.HeadBias.Length, filters * widths.Count);
            _headBias = Of(weights.HeadBias, weights.HeadBias.Length);
        }

        private Parameter[] All => [_vectors, .. _kernels, .. _biases, _head, _headBias];

        public void Fit(IReadOnlyList<int[]> pieces, LabelMatrix labels, int[] rows, Random random, Action? finished, CancellationToken cancellationToken)
        {
            var optimizer = new TorchAdam(All, _settings.LearningRate);
            var (steps, done) = ((double)_settings.Epochs * ((rows.Length + _settings.BatchRows - 1) / _settings.BatchRows), 0);
            for (var epoch = 0; epoch < _settings.Epochs; epoch++)
            {
                random.Shuffle(rows);
                foreach (var batch in rows.Chunk(_settings.BatchRows))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    using var scope = NewDisposeScope();
                    optimizer.Rate = _settings.LearningRate * (1 - (done++ / steps));
                    var margins = Forward([.. batch.Select(row => pieces[row])], Mask(batch.Length, random));
                    var targets = tensor([.. batch.SelectMany(row => Enumerable.Range(0, labels.Columns).Select(label => labels[row, label] ? 1f : 0f))], [batch.Length, labels.Columns]);
                    var loss = labels.IsExclusive
                        ? -(targets * nn.functional.log_softmax(margins, 1)).sum(1).mean()
                        : nn.functional.binary_cross_entropy_with_logits(margins, targets);
                    optimizer.ZeroGradients();
                    loss.backward();
                    using (no_grad())
                    {
                        _vectors.grad![0].zero_();
                    }

                    optimizer.Step();
                }

                finished?.Invoke();
            }
        }

        public float[][] Margins(IReadOnlyList<int[]> pieces, CancellationToken cancellationToken)
        {
            var labels = (int)_headBias.shape[0];
            var margins = new List<float[]>(pieces.Count);
            foreach (var batch in pieces.Chunk(ScoredRows))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                using var nothing = no_grad();
                margins.AddRange(Forward(batch, null).ToFloats().Chunk(labels));
            }

            return [.. margins];
        }

        public ConvolutionWeights ToWeights() => new(
            _settings, _vectors.ToFloats(), [.. _kernels.Select(TorchArithmetic.ToFloats)], [.. _biases.Select(TorchArithmetic.ToFloats)], _head.ToFloats(), _headBias.ToFloats());

        public void Dispose()
        {
            foreach (var parameter in All)
            {
                parameter.Dispose();
            }
        }

        private Tensor Forward(int[][] rows, Tensor? mask)
        {
            var width = rows.Max(static row => row.Length);
            var ids = new long[rows.Length * width];
            for (var row = 0; row < rows.Length; row++)
            {
                for (var place = 0; place < rows[row].Length; place++)
                {
                    ids[(row * width) + place] = rows[row][place];
                }
            }

            var vectors = _vectors.index_select(0, tensor(ids)).reshape(rows.Length, width, _settings.Dimensions).transpose(1, 2);
            var answers = cat([.. _kernels.Select((kernel, place) => nn.functional.conv1d(vectors, kernel, _biases[place], padding: _settings.Widths[place]).relu().amax([2]))], 1);
            return nn.functional.linear(mask is null ? answers : answers * mask, _head, _headBias);
        }

        // Which filters' answers stay, scaled so that their mean does too. From the fit's own random numbers.
        private Tensor Mask(int rows, Random random)
        {
            var mask = new float[rows * _settings.Filters * _settings.Widths.Count];
            for (var place = 0; place < mask.Length; place++)
            {
                mask[place] = random.NextDouble() < _settings.Dropout ? 0 : (float)(1 / (1 - _settings.Dropout));
            }

            return tensor(mask, [rows, mask.Length / rows]);
        }
    }
}
