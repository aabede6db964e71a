using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>NeuMF in TorchSharp: the network of <see cref="NeuMfNetwork"/> as tensors, its slopes by automatic differentiation.</summary>
/// <remarks>
/// The tables of embeddings are not parameters: their gradient would be as large as they are, for each batch. A batch gathers its rows, asks for the slopes of those, and adds the steps back by
/// index. Layers and output weights are parameters of one Adam. One thread of libtorch, so that the same seed gives the same model. Not thread safe.
/// </remarks>
internal sealed class NeuMfTorchFit : SampledPairs.ITake, IDisposable
{
    // Enough rows to keep a matrix product busy, few enough that a row seldom occurs twice.
    internal const int BatchRows = 1024;

    private readonly NeuMfNetwork _start;
    private readonly Tensor[] _tables;
    private readonly Parameter[] _weights;
    private readonly Parameter[] _biases;
    private readonly Parameter _factorWeights;
    private readonly Parameter _outputWeights;
    private readonly TorchAdam _optimizer;
    private readonly float _regularisation;
    private readonly List<long> _users = [];
    private readonly List<long> _items = [];
    private readonly List<float> _labels = [];

    internal NeuMfTorchFit(NeuMfNetwork start, NeuMfSettings settings)
    {
        _start = start;
        _regularisation = (float)settings.Factors.Regularisation;
        var (stride, half) = (start.Factors.Stride, start.HalfInput);
        _tables =
        [
            tensor(start.Factors.Users, [start.Factors.Users.Length / stride, stride]), tensor(start.Factors.Items, [start.Factors.ItemCount, stride]),
            tensor(start.UserInputs, [start.UserInputs.Length / half, half]), tensor(start.ItemInputs, [start.Factors.ItemCount, half]),
        ];
        _weights = [.. start.Layers.Select(static layer => new Parameter(tensor(layer.Weights.ToArray(), [layer.Outputs, layer.Inputs]), true))];
        _biases = [.. start.Layers.Select(static layer => new Parameter(tensor(layer.Biases.ToArray()), true))];
        _factorWeights = new Parameter(tensor(start.FactorWeights.ToArray()), true);
        _outputWeights = new Parameter(tensor(start.OutputWeights.ToArray()), true);
        _optimizer = new TorchAdam([.. _weights, .. _biases, _factorWeights, _outputWeights], settings.LayerRate);
    }

    /// <summary>Step of the embeddings.</summary>
    internal float Rate { get; set; }

    internal static NeuMfNetwork Run(NeuMfNetwork start, SampledPairs pairs, NeuMfSettings settings, FastRandom random, CancellationToken cancellationToken) => TorchGate.Run(1, () =>
    {
        using var fit = new NeuMfTorchFit(start, settings);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            fit.Rate = settings.RateOf(epoch);
            var taker = fit;
            pairs.RunEpoch(ref taker, ref random, settings.Factors.Negatives, cancellationToken);
            fit.Step();
        }

        return fit.ToNetwork();
    });

    public void Take(int user, int item, float label)
    {
        _users.Add(user);
        _items.Add(item);
        _labels.Add(label);
        if (_users.Count == BatchRows)
        {
            Step();
        }
    }

    /// <summary>One step on what was taken since the last one.</summary>
    internal void Step()
    {
        if (_users.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        var (users, items) = (tensor(_users.ToArray()), tensor(_items.ToArray()));
        Tensor[] places = [users, items, users, items];
        Tensor[] rows = [.. _tables.Select((table, index) => table.index_select(0, places[index]).requires_grad_())];
        var values = cat([rows[2], rows[3]], 1);
        for (var layer = 0; layer < _weights.Length; layer++)
        {
            values = nn.functional.linear(values, _weights[layer], _biases[layer]).relu();
        }

        var logits = (rows[0] * rows[1] * _factorWeights).sum(1).Plus(values.matmul(_outputWeights)).Plus(_start.Factors.Bias);
        var loss = nn.functional.binary_cross_entropy_with_logits(logits, tensor(_labels.ToArray()), reduction: nn.Reduction.Sum);
        _optimizer.ZeroGradients();
        loss.backward();
        _optimizer.Step();
        using (no_grad())
        {
            for (var index = 0; index < _tables.Length; index++)
            {
                // The factors are regularised, the perceptron's inputs are not.
                var slope = index < 2 ? rows[index].grad!.Plus(rows[index].detach().Times(_regularisation)) : rows[index].grad!;
                _tables[index].AddRows(places[index], slope, -Rate);
            }

            // The ones beside the biases never learn.
            var dimensions = _start.Factors.Dimensions;
            _tables[0].slice(1, dimensions + 1, dimensions + 2, 1).SetAll(1);
            _tables[1].slice(1, dimensions, dimensions + 1, 1).SetAll(1);
        }

        _users.Clear();
        _items.Clear();
        _labels.Clear();
    }

    internal NeuMfNetwork ToNetwork()
    {
        var factors = new BiasedFactors(_tables[0].ToFloats(), _tables[1].ToFloats(), _start.Factors.Dimensions, _start.Factors.Bias);
        PerceptronLayer[] layers =
            [.. _start.Layers.Select((layer, index) => new PerceptronLayer(layer.Inputs, layer.Outputs, [.. _weights[index].ToFloats(), .. _biases[index].ToFloats()]))];
        return new NeuMfNetwork(factors, _tables[2].ToFloats(), _tables[3].ToFloats(), layers, _factorWeights.ToFloats(), _outputWeights.ToFloats());
    }

    public void Dispose()
    {
        foreach (var values in (Tensor[])[.. _tables, .. _weights, .. _biases, _factorWeights, _outputWeights])
        {
            values.Dispose();
        }
    }
}
