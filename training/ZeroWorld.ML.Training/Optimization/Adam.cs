using System.Numerics;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training;

/// <summary>Adam (Kingma and Ba 2015, algorithm 1; decays 0.9 and 0.999, epsilon 1e-8) over one array of weights.</summary>
/// <remarks>Every weight is computed alone, in single precision: the same bits on every machine. Not thread safe.</remarks>
public sealed class Adam
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    private readonly float[] _first;
    private readonly float[] _second;

    /// <summary>Before the first step.</summary>
    /// <param name="weights">How many weights there are.</param>
    public Adam(int weights)
        : this(new float[weights], new float[weights], 0)
    {
    }

    /// <summary>Goes on from what an earlier one had.</summary>
    /// <param name="first">First moments, one per weight; taken over.</param>
    /// <param name="second">Second moments, as many; taken over.</param>
    /// <param name="steps">Steps made, 0 or more.</param>
    /// <exception cref="ArgumentException">The moments are not as many as each other.</exception>
    public Adam(float[] first, float[] second, long steps)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"There are {second.Length} second moments; expected {first.Length}, as many as first ones.", nameof(second));
        }

        (_first, _second, Steps) = (first, second, steps);
    }

    /// <value>Steps made.</value>
    public long Steps { get; private set; }

    /// <value>First moments, one per weight.</value>
    public ReadOnlySpan<float> First => _first;

    /// <value>Second moments, one per weight.</value>
    public ReadOnlySpan<float> Second => _second;

    /// <summary>One step against the gradient.</summary>
    /// <param name="weights">Changed in place.</param>
    /// <param name="gradient">One slope per weight.</param>
    /// <param name="rate">Length of a step.</param>
    /// <param name="share">Every slope is multiplied by it first. Default 1.</param>
    /// <exception cref="ArgumentException">Weights or slopes are not as many as the moments.</exception>
    public void Step(Span<float> weights, ReadOnlySpan<float> gradient, double rate, float share = 1)
    {
        if (weights.Length != _first.Length || gradient.Length != _first.Length)
        {
            throw new ArgumentException($"There are {weights.Length} weights and {gradient.Length} slopes; expected {_first.Length} of both.", nameof(gradient));
        }

        Steps++;
        var correction = Math.Sqrt(1 - Math.Pow(SecondDecay, Steps));
        var scale = (float)(rate * correction / (1 - Math.Pow(FirstDecay, Steps)));
        var epsilon = (float)(Epsilon * correction);
        var values = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var slopes = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        var first = MemoryMarshal.Cast<float, Vector<float>>(_first.AsSpan());
        var second = MemoryMarshal.Cast<float, Vector<float>>(_second.AsSpan());
        for (var index = 0; index < values.Length; index++)
        {
            var slope = slopes[index] * share;
            first[index] = (first[index] * (float)FirstDecay) + (slope * (float)(1 - FirstDecay));
            second[index] = (second[index] * (float)SecondDecay) + (slope * slope * (float)(1 - SecondDecay));
            values[index] -= first[index] * scale / (Vector.SquareRoot(second[index]) + new Vector<float>(epsilon));
        }

        for (var index = values.Length * Vector<float>.Count; index < weights.Length; index++)
        {
            var slope = gradient[index] * share;
            _first[index] = (_first[index] * (float)FirstDecay) + (slope * (float)(1 - FirstDecay));
            _second[index] = (_second[index] * (float)SecondDecay) + (slope * slope * (float)(1 - SecondDecay));
            weights[index] -= _first[index] * scale / (MathF.Sqrt(_second[index]) + epsilon);
        }
    }
}
