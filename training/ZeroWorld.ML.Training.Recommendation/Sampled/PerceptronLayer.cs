using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>A layer of rectified sums, trained by Adam on the mean gradient of a batch.</summary>
/// <remarks>One caller at a time while it learns; <see cref="Forward"/> of a finished layer is thread safe.</remarks>
internal sealed class PerceptronLayer
{
    // The weights [outputs, inputs] and after them the biases.
    private readonly float[] _values;
    private readonly float[] _gradient;
    private readonly Adam _adam;

    internal PerceptronLayer(int inputs, int outputs, float[] values)
    {
        (Inputs, Outputs, _values) = (inputs, outputs, values);
        _gradient = new float[values.Length];
        _adam = new Adam(values.Length);
    }

    internal int Inputs { get; }

    internal int Outputs { get; }

    internal ReadOnlySpan<float> Weights => _values.AsSpan(0, Inputs * Outputs);

    internal ReadOnlySpan<float> Biases => _values.AsSpan(Inputs * Outputs);

    /// <summary>Weights by He et al. 2015, biases 0.</summary>
    internal static PerceptronLayer Start(int inputs, int outputs, Random random)
    {
        var values = new float[(inputs + 1) * outputs];
        for (var index = 0; index < inputs * outputs; index++)
        {
            values[index] = (float)(Math.Sqrt(2.0 / inputs) * RandomNumbers.NextNormal(random));
        }

        return new PerceptronLayer(inputs, outputs, values);
    }

    internal void Forward(ReadOnlySpan<float> input, Span<float> output)
    {
        for (var row = 0; row < Outputs; row++)
        {
            output[row] = MathF.Max(0, TensorPrimitives.Dot(input, Weights.Slice(row * Inputs, Inputs)) + Biases[row]);
        }
    }

    /// <summary>Adds the gradient of the layer and gives that of its input.</summary>
    /// <param name="output">What <see cref="Forward"/> gave: where it is 0, nothing flows.</param>
    internal void Backward(ReadOnlySpan<float> input, ReadOnlySpan<float> output, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, bool isLearning)
    {
        inputGradient.Clear();
        for (var row = 0; row < Outputs; row++)
        {
            if (output[row] <= 0)
            {
                continue;
            }

            var slope = outputGradient[row];
            TensorPrimitives.MultiplyAdd(Weights.Slice(row * Inputs, Inputs), slope, inputGradient, inputGradient);
            if (isLearning)
            {
                var target = _gradient.AsSpan(row * Inputs, Inputs);
                TensorPrimitives.MultiplyAdd(input, slope, target, target);
                _gradient[(Inputs * Outputs) + row] += slope;
            }
        }
    }

    /// <summary>One step against the mean of the gradients that were added.</summary>
    internal void Learn(float rate, int rows)
    {
        _adam.Step(_values, _gradient, rate, 1f / rows);
        Array.Clear(_gradient);
    }
}
