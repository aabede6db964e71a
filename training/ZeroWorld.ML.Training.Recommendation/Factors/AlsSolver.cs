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
        var regularisation = (float)(_settings.Regularisation * (observed.Length + (_settings.UnobservedWeight * _rows)));
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
