using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>
/// NeuMF: a score is b + h (p(user) * q(item)) + w MLP([m(user), n(item)]), as in He et al., "Neural Collaborative Filtering", 2017, with the biases of the factorisation inside p and q.
/// </summary>
/// <remarks>One caller at a time while it learns; scoring a finished network is thread safe: callers bring the scratch.</remarks>
internal sealed class NeuMfNetwork
{
    private readonly PerceptronLayer[] _layers;
    private readonly float[] _factorWeights;
    private readonly float[] _outputWeights;

    internal NeuMfNetwork(BiasedFactors factors, float[] userInputs, float[] itemInputs, PerceptronLayer[] layers, float[] factorWeights, float[] outputWeights)
    {
        Factors = factors;
        (UserInputs, ItemInputs, _layers, _factorWeights, _outputWeights) = (userInputs, itemInputs, layers, factorWeights, outputWeights);
    }

    internal BiasedFactors Factors { get; }

    /// <summary>The user's halves of the perceptron's input.</summary>
    internal float[] UserInputs { get; }

    internal float[] ItemInputs { get; }

    internal IReadOnlyList<PerceptronLayer> Layers => _layers;

    internal ReadOnlySpan<float> FactorWeights => _factorWeights;

    internal ReadOnlySpan<float> OutputWeights => _outputWeights;

    internal int HalfInput => _layers[0].Inputs / 2;

    internal Span<float> UserInput(int user) => UserInputs.AsSpan(user * HalfInput, HalfInput);

    internal Span<float> ItemInput(int item) => ItemInputs.AsSpan(item * HalfInput, HalfInput);

    internal static NeuMfNetwork Start(BiasedFactors factors, int users, IReadOnlyList<int> sizes, int seed)
    {
        var random = new Random(seed);
        var layers = new PerceptronLayer[sizes.Count - 1];
        for (var layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = PerceptronLayer.Start(sizes[layer], sizes[layer + 1], random);
        }

        var factorWeights = new float[factors.Stride];
        Array.Fill(factorWeights, 1);
        return new NeuMfNetwork(
            factors, Normal(users * sizes[0] / 2, 0.1), Normal(factors.ItemCount * sizes[0] / 2, 0.1), layers, factorWeights, Normal(sizes[^1], 0.1));

        float[] Normal(int count, double deviation)
        {
            var values = new float[count];
            for (var index = 0; index < count; index++)
            {
                values[index] = (float)(deviation * RandomNumbers.NextNormal(random));
            }

            return values;
        }
    }

    /// <summary>Scratch for one thread.</summary>
    internal NeuMfScratch NewScratch() => new([_layers[0].Inputs, .. _layers.Select(static layer => layer.Outputs)], Factors.Stride);

    /// <summary>The logit of a pair.</summary>
    internal float Score(ReadOnlySpan<float> userFactor, ReadOnlySpan<float> userInput, int item, NeuMfScratch scratch)
    {
        TensorPrimitives.Multiply(userFactor, Factors.Item(item), scratch.Products);
        userInput.CopyTo(scratch.Values[0]);
        ItemInput(item).CopyTo(scratch.Values[0].AsSpan(HalfInput));
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            _layers[layer].Forward(scratch.Values[layer], scratch.Values[layer + 1]);
        }

        return Factors.Bias + TensorPrimitives.Dot(scratch.Products, _factorWeights) + TensorPrimitives.Dot(scratch.Values[^1], _outputWeights);
    }

    /// <summary>One step of the user's and, when the network learns, the item's rows; gradients of the layers are added up.</summary>
    internal void Update(Span<float> userFactor, Span<float> userInput, int item, float label, NeuMfStep step, NeuMfScratch scratch)
    {
        var error = label - BiasedFactors.Sigmoid(Score(userFactor, userInput, item, scratch));

        // 1. Back through the perceptron. Slopes are those of the log likelihood: upwards is better; the layers learn downwards, hence the sign there.
        TensorPrimitives.Multiply(_outputWeights, -error, scratch.Slopes[^1]);
        for (var layer = _layers.Length - 1; layer >= 0; layer--)
        {
            _layers[layer].Backward(scratch.Values[layer], scratch.Values[layer + 1], scratch.Slopes[layer + 1], scratch.Slopes[layer], step.IsLearning);
        }

        // 2. The rows.
        var factor = Factors.Item(item);
        var keep = 1 - (step.Rate * step.Regularisation);
        var userHalf = scratch.Slopes[0].AsSpan(0, HalfInput);
        if (step.IsLearning)
        {
            var itemHalf = scratch.Slopes[0].AsSpan(HalfInput);
            TensorPrimitives.MultiplyAdd(itemHalf, -step.Rate, ItemInput(item), ItemInput(item));
            TensorPrimitives.MultiplyAdd(scratch.Values[^1], step.Rate * error, _outputWeights, _outputWeights);
            TensorPrimitives.Multiply(userFactor, _factorWeights, scratch.Products);
        }

        Span<float> weighted = scratch.Weighted;
        TensorPrimitives.Multiply(factor, _factorWeights, weighted);
        TensorPrimitives.Multiply(userFactor, keep, userFactor);
        TensorPrimitives.MultiplyAdd(weighted, step.Rate * error, userFactor, userFactor);
        userFactor[Factors.Dimensions + 1] = 1;
        TensorPrimitives.MultiplyAdd(userHalf, -step.Rate, userInput, userInput);
        if (step.IsLearning)
        {
            TensorPrimitives.Multiply(factor, keep, factor);
            TensorPrimitives.MultiplyAdd(scratch.Products, step.Rate * error, factor, factor);
            factor[Factors.Dimensions] = 1;
        }
    }

    internal void Learn(float rate, int rows)
    {
        foreach (var layer in _layers)
        {
            layer.Learn(rate, rows);
        }
    }
}

/// <param name="Rate">Step of the embeddings.</param>
/// <param name="Regularisation">Of the factors.</param>
/// <param name="IsLearning">Whether items and layers learn too, and not the user alone.</param>
internal readonly record struct NeuMfStep(float Rate, float Regularisation, bool IsLearning);
