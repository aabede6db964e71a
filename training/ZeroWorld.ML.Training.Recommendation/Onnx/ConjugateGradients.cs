using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>The steps of <see cref="FoldInGraph"/> for one history, in managed code: they say how many are needed.</summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class ConjugateGradients
{
    private readonly AlsSolver _solver;
    private readonly float[] _gram;
    private readonly float[] _factors;
    private readonly int[] _history;
    private readonly float[] _diagonal;
    private readonly float[] _residual;
    private readonly float[] _scaled;
    private readonly float[] _direction;
    private readonly float[] _product;
    private readonly float _penalty;
    private float _rest;

    internal ConjugateGradients(AlsSolver solver, float[] gram, float[] factors, int[] history)
    {
        (_solver, _gram, _factors, _history) = (solver, gram, factors, history);
        var stride = solver.Stride;
        (_diagonal, _residual, _scaled, _direction, _product, Solution) =
            (new float[stride], new float[stride], new float[stride], new float[stride], new float[stride], new float[stride]);
        _penalty = solver.PenaltyOf(history.Length);
        for (var axis = 0; axis < stride; axis++)
        {
            _diagonal[axis] = gram[(axis * stride) + axis] + _penalty;
        }

        foreach (var item in history)
        {
            TensorPrimitives.Add(_residual, Row(item), _residual);
            TensorPrimitives.MultiplyAdd(Row(item), Row(item), _diagonal, _diagonal);
        }

        TensorPrimitives.Divide(_residual, _diagonal, _scaled);
        _scaled.CopyTo(_direction, 0);
        _rest = TensorPrimitives.Dot(_residual, _scaled);
    }

    internal float[] Solution { get; }

    internal void Step()
    {
        var stride = _solver.Stride;
        for (var axis = 0; axis < stride; axis++)
        {
            _product[axis] = TensorPrimitives.Dot(_gram.AsSpan(axis * stride, stride), _direction);
        }

        foreach (var item in _history)
        {
            TensorPrimitives.MultiplyAdd(Row(item), TensorPrimitives.Dot(Row(item), _direction), _product, _product);
        }

        TensorPrimitives.MultiplyAdd(_direction, _penalty, _product, _product);
        var length = _rest / MathF.Max(TensorPrimitives.Dot(_direction, _product), 1e-30f);
        TensorPrimitives.MultiplyAdd(_direction, length, Solution, Solution);
        TensorPrimitives.MultiplyAdd(_product, -length, _residual, _residual);
        TensorPrimitives.Divide(_residual, _diagonal, _scaled);
        var next = TensorPrimitives.Dot(_residual, _scaled);
        TensorPrimitives.MultiplyAdd(_direction, next / MathF.Max(_rest, 1e-30f), _scaled, _direction);
        _rest = next;
    }

    private ReadOnlySpan<float> Row(int item) => _factors.AsSpan(item * _solver.Stride, _solver.Stride);
}
