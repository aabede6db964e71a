using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Item and position embeddings, blocks of causal self-attention and feed-forward nets with normalised inputs, a last normalisation.</summary>
internal sealed class SelfAttentionNetwork : SequenceNetwork
{
    private readonly Parameter _items;
    private readonly Parameter _positions;
    private readonly Parameter[][] _blocks;
    private readonly Parameter _scale;
    private readonly Parameter _shift;

    internal SelfAttentionNetwork(SequenceSettings settings, int items)
        : base(settings, items)
    {
        var (size, hidden) = (settings.Dimensions, settings.Hidden);
        _items = Normal(0.02, items, size);
        _positions = Normal(0.02, settings.HistoryMax, size);
        _blocks = new Parameter[settings.Blocks][];
        for (var block = 0; block < _blocks.Length; block++)
        {
            var deviation = 1 / Math.Sqrt(size);
            _blocks[block] =
            [
                Constant(1, size), Constant(0, size),
                Normal(deviation, size, size), Normal(deviation, size, size), Normal(deviation, size, size), Normal(deviation, size, size),
                Constant(1, size), Constant(0, size),
                Normal(Math.Sqrt(2.0 / size), hidden, size), Constant(0, hidden), Normal(1 / Math.Sqrt(hidden), size, hidden), Constant(0, size),
            ];
        }

        _scale = Constant(1, size);
        _shift = Constant(0, size);
    }

    internal override Parameter ItemVectors => _items;

    internal override Tensor Forward(Tensor history, bool isLearning)
    {
        var (users, length, size) = (history.shape[0], history.shape[1], (long)Settings.Dimensions);
        var heads = Settings.Heads;
        var values = _items.index_select(0, history.reshape(-1)).reshape(users, length, size).Times(Math.Sqrt(size)).Plus(_positions.slice(0, 0, length, 1));
        values = Drop(values, isLearning);
        using var future = ones(length, length, ScalarType.Bool).triu(1);
        foreach (var block in _blocks)
        {
            var input = nn.functional.layer_norm(values, [size], block[0], block[1], SelfAttentionModel.Epsilon);
            var (queries, keys, contents) = (Split(input, block[2]), Split(input, block[3]), Split(input, block[4]));
            var attention = queries.matmul(keys.transpose(2, 3)).Times(1 / Math.Sqrt((double)size / heads)).MaskedBy(future, double.NegativeInfinity).softmax(-1);
            var mixed = Drop(attention, isLearning).matmul(contents).transpose(1, 2).reshape(users, length, size);
            values = values.Plus(Drop(nn.functional.linear(mixed, block[5]), isLearning));
            var inner = nn.functional.linear(nn.functional.layer_norm(values, [size], block[6], block[7], SelfAttentionModel.Epsilon), block[8], block[9]).relu();
            values = values.Plus(Drop(nn.functional.linear(Drop(inner, isLearning), block[10], block[11]), isLearning));
        }

        return nn.functional.layer_norm(values, [size], _scale, _shift, SelfAttentionModel.Epsilon);

        Tensor Split(Tensor input, Parameter weights) => nn.functional.linear(input, weights).reshape(users, length, heads, size / heads).transpose(1, 2);
    }

    internal override IRecommender ToModel(string algorithm) => new SelfAttentionModel(
        algorithm, Settings, _items.ToFloats(), _positions.ToFloats(), [.. _blocks.Select(static block => block.Select(TorchArithmetic.ToFloats).ToArray())], _scale.ToFloats(), _shift.ToFloats());
}
