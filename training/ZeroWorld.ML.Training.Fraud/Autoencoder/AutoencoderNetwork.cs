using System.Numerics;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Layers n - h - c - h - n with tanh between them, their gradient of the mean squared error, and Adam's step. One caller at a time.</summary>
internal sealed class AutoencoderNetwork
{
    private readonly int[] _sizes;
    private readonly int[] _offsets;
    private readonly float[] _gradient;
    private readonly float[][] _values;
    private readonly float[][] _deltas;

    internal AutoencoderNetwork(int columns, int hidden, int code, int seed)
    {
        _sizes = [columns, hidden, code, hidden, columns];
        _offsets = new int[_sizes.Length];
        for (var layer = 1; layer < _sizes.Length; layer++)
        {
            _offsets[layer] = _offsets[layer - 1] + CountOf(layer);
        }

        Weights = new float[_offsets[^1]];
        _gradient = new float[Weights.Length];
        _values = [.. _sizes.Select(static size => new float[size])];
        _deltas = [.. _sizes.Select(static size => new float[size])];

        // Glorot and Bengio 2010.
        var random = new Random(seed);
        for (var layer = 1; layer < _sizes.Length; layer++)
        {
            var bound = Math.Sqrt(6.0 / (_sizes[layer - 1] + _sizes[layer]));
            foreach (ref var weight in MatrixOf(Weights, layer))
            {
                weight = (float)(((random.NextDouble() * 2) - 1) * bound);
            }
        }
    }

    /// <summary>Per layer a matrix [outputs, inputs], row-major, and its biases.</summary>
    internal float[] Weights { get; }

    internal void Load(float[] weights) => weights.CopyTo(Weights, 0);

    internal void ClearGradient() => Array.Clear(_gradient);

    /// <summary>Mean squared difference of a row and what the network makes of it.</summary>
    internal double Error(ReadOnlySpan<float> row)
    {
        Forward(row);
        var sum = 0.0;
        for (var column = 0; column < row.Length; column++)
        {
            var difference = (double)_values[^1][column] - row[column];
            sum += difference * difference;
        }

        return sum / row.Length;
    }

    /// <summary>Adds a row's gradient, weighted.</summary>
    internal void AddGradient(ReadOnlySpan<float> row, float weight)
    {
        Forward(row);
        var last = _sizes.Length - 1;
        for (var column = 0; column < row.Length; column++)
        {
            _deltas[last][column] = 2 * weight / row.Length * (_values[last][column] - row[column]);
        }

        for (var layer = last; layer > 0; layer--)
        {
            var (inputs, delta) = (_values[layer - 1], _deltas[layer]);
            var matrix = MatrixOf(Weights, layer);
            var gradient = MatrixOf(_gradient, layer);
            var biases = BiasesOf(_gradient, layer);
            var below = _deltas[layer - 1].AsSpan();
            below.Clear();
            for (var unit = 0; unit < delta.Length; unit++)
            {
                biases[unit] += delta[unit];
                AddScaled(gradient.Slice(unit * inputs.Length, inputs.Length), inputs, delta[unit]);
                if (layer > 1)
                {
                    AddScaled(below, matrix.Slice(unit * inputs.Length, inputs.Length), delta[unit]);
                }
            }

            for (var unit = 0; layer > 1 && unit < below.Length; unit++)
            {
                below[unit] *= 1 - (inputs[unit] * inputs[unit]);
            }
        }
    }

    /// <summary>One step of Adam along the gradient.</summary>
    internal void Step(Adam adam, double rate) => adam.Step(Weights, _gradient, rate);

    /// <summary>Adds the nodes of <see cref="Error"/>: FP32 [rows, n] to FP32 [rows, 1].</summary>
    internal void AddTo(OnnxGraphBuilder graph, string input, string output)
    {
        var value = input;
        for (var layer = 1; layer < _sizes.Length; layer++)
        {
            var (inputs, outputs) = (_sizes[layer - 1], _sizes[layer]);
            var matrix = MatrixOf(Weights, layer);
            var turned = new float[matrix.Length];
            for (var unit = 0; unit < outputs; unit++)
            {
                for (var column = 0; column < inputs; column++)
                {
                    turned[(column * outputs) + unit] = matrix[(unit * inputs) + column];
                }
            }

            graph.AddInitializer($"layer_{layer}_weights", turned, inputs, outputs)
                .AddInitializer($"layer_{layer}_biases", BiasesOf(Weights, layer).ToArray(), outputs)
                .AddNode("MatMul", [value, $"layer_{layer}_weights"], [$"layer_{layer}_weighted"])
                .AddNode("Add", [$"layer_{layer}_weighted", $"layer_{layer}_biases"], [$"layer_{layer}_sum"]);
            value = $"layer_{layer}_sum";
            if (layer < _sizes.Length - 1)
            {
                graph.AddNode("Tanh", [value], [$"layer_{layer}"]);
                value = $"layer_{layer}";
            }
        }

        var share = new float[_sizes[0]];
        Array.Fill(share, 1f / share.Length);
        graph.AddNode("Sub", [value, input], ["difference"])
            .AddNode("Mul", ["difference", "difference"], ["square"])
            .AddInitializer("column_share", share, share.Length, 1)
            .AddNode("MatMul", ["square", "column_share"], [output]);
    }

    private void Forward(ReadOnlySpan<float> row)
    {
        row.CopyTo(_values[0]);
        for (var layer = 1; layer < _sizes.Length; layer++)
        {
            var (inputs, outputs) = (_values[layer - 1], _values[layer]);
            var matrix = MatrixOf(Weights, layer);
            var biases = BiasesOf(Weights, layer);
            var isLast = layer == _sizes.Length - 1;
            for (var unit = 0; unit < outputs.Length; unit++)
            {
                var sum = biases[unit] + Dot(matrix.Slice(unit * inputs.Length, inputs.Length), inputs);
                outputs[unit] = isLast ? sum : MathF.Tanh(sum);
            }
        }
    }

    private int CountOf(int layer) => (_sizes[layer - 1] + 1) * _sizes[layer];

    private Span<float> MatrixOf(float[] weights, int layer) => weights.AsSpan(_offsets[layer - 1], _sizes[layer - 1] * _sizes[layer]);

    private Span<float> BiasesOf(float[] weights, int layer) =>
        weights.AsSpan(_offsets[layer - 1] + (_sizes[layer - 1] * _sizes[layer]), _sizes[layer]);

    private static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var lefts = MemoryMarshal.Cast<float, Vector<float>>(left);
        var rights = MemoryMarshal.Cast<float, Vector<float>>(right);
        var sums = Vector<float>.Zero;
        for (var index = 0; index < lefts.Length; index++)
        {
            sums += lefts[index] * rights[index];
        }

        var sum = Vector.Sum(sums);
        for (var index = lefts.Length * Vector<float>.Count; index < left.Length; index++)
        {
            sum += left[index] * right[index];
        }

        return sum;
    }

    private static void AddScaled(Span<float> target, ReadOnlySpan<float> values, float factor)
    {
        var targets = MemoryMarshal.Cast<float, Vector<float>>(target);
        var sources = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var index = 0; index < targets.Length; index++)
        {
            targets[index] += sources[index] * factor;
        }

        for (var index = targets.Length * Vector<float>.Count; index < target.Length; index++)
        {
            target[index] += values[index] * factor;
        }
    }
}
