using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Solves the factor of one user (or item) from the other side's factors, exactly.</summary>
/// <remarks>Immutable and thread safe: callers bring the scratch.</remarks>
internal sealed class AlsSolver
{
    private readonly float[] _factors;
    private readonly float[] _gram;
    private readonly ImplicitAlsSettings _settings;
    private readonly int _rows;

    internal AlsSolver(float[] factors, int rows, int stride, ImplicitAlsSettings settings)
    {
        _factors = factors;
        _rows = rows;
        Stride = stride;
        _settings = settings;
        _gram = new float[stride * stride];
        DenseKernels.AddOuterProducts(factors, [.. Enumerable.Range(0, rows)], stride, _gram);
        TensorPrimitives.Multiply(_gram, (float)settings.UnobservedWeight, _gram);
    }

    /// <summary>Length of a padded factor.</summary>
    internal int Stride { get; }

    internal ImplicitAlsSettings Settings => _settings;

    /// <summary>The Gram matrix of all factors times the weight of what was not observed, [stride, stride], both triangles.</summary>
    internal float[] ToGram()
    {
        var whole = new float[_gram.Length];
        for (var row = 0; row < Stride; row++)
        {
            for (var column = row; column < Stride; column++)
            {
                whole[(row * Stride) + column] = whole[(column * Stride) + row] = _gram[(row * Stride) + column];
            }
        }

        return whole;
    }

    /// <summary>What the regularisation adds to the diagonal.</summary>
    internal float PenaltyOf(int observed) => (float)(_settings.Regularisation * (observed + (_settings.UnobservedWeight * _rows)));

    /// <param name="observed">Rows of the other side; none gives the zero factor.</param>
    /// <param name="factor">Receives <see cref="Stride"/> values.</param>
    /// <param name="scratch"><see cref="Stride"/> squared values.</param>
    internal void Solve(ReadOnlySpan<int> observed, Span<float> factor, Span<float> scratch)
    {
        factor.Clear();
        if (observed.IsEmpty)
        {
            return;
        }

        _gram.CopyTo(scratch);
        DenseKernels.AddOuterProducts(_factors, observed, Stride, scratch);
        var regularisation = PenaltyOf(observed.Length);
        for (var axis = 0; axis < Stride; axis++)
        {
            scratch[(axis * Stride) + axis] += regularisation;
        }

        foreach (var row in observed)
        {
            TensorPrimitives.Add(factor, _factors.AsSpan(row * Stride, Stride), factor);
        }

        if (!DenseKernels.TryFactor(scratch, Stride))
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"The least-squares system of a row with {observed.Length} interactions is not positive definite; expected a larger regularisation.");
        }

        DenseKernels.Solve(scratch, Stride, factor);
    }
}
