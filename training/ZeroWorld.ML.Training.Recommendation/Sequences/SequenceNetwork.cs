using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A network that turns the items up to each place of a history into a query, whose product with an item's vector is the score of that item coming next.</summary>
internal abstract class SequenceNetwork(SequenceSettings settings, int items) : IDisposable
{
    private readonly List<Parameter> _parameters = [];

    protected SequenceSettings Settings => settings;

    internal IReadOnlyList<Parameter> Parameters => _parameters;

    internal int ItemCount => items;

    /// <summary>Vectors of the items, [items, dimensions].</summary>
    internal abstract Parameter ItemVectors { get; }

    /// <param name="history">[users, length] int64; what is right of a place does not change its query.</param>
    /// <returns>[users, length, dimensions].</returns>
    internal abstract Tensor Forward(Tensor history, bool isLearning);

    internal abstract IRecommender ToModel(string algorithm);

    public void Dispose()
    {
        foreach (var parameter in _parameters)
        {
            parameter.Dispose();
        }
    }

    protected Parameter Normal(double deviation, params long[] shape) => Add(randn(shape).Times(deviation));

    protected Parameter Constant(double value, params long[] shape)
    {
        var values = zeros(shape);
        values.SetAll(value);
        return Add(values);
    }

    protected Tensor Drop(Tensor values, bool isLearning) => isLearning && settings.Dropout > 0 ? nn.functional.dropout(values, settings.Dropout, true) : values;

    private Parameter Add(Tensor values)
    {
        var parameter = new Parameter(values, true);
        _parameters.Add(parameter);
        return parameter;
    }
}
