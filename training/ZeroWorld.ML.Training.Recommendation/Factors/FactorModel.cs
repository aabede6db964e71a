using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Factors of users and items; a score is their product. Strangers are folded in by the solver that made the trained users.</summary>
internal sealed class FactorModel(string algorithm, float[] userFactors, float[] itemFactors, int stride, AlsSolver solver) : IRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => itemFactors.Length / stride;

    internal int Stride => stride;

    internal ReadOnlySpan<float> ItemFactors => itemFactors;

    internal ReadOnlySpan<float> UserFactors => userFactors;

    internal AlsSolver Solver => solver;

    public void Score(UserHistory history, Span<float> scores)
    {
        Span<float> factor = stackalloc float[stride];
        Query(history, factor);
        for (var item = 0; item < scores.Length; item++)
        {
            scores[item] = TensorPrimitives.Dot(factor, itemFactors.AsSpan(item * stride, stride));
        }
    }

    /// <summary>The factor of a user.</summary>
    internal void Query(UserHistory history, Span<float> factor)
    {
        if (history.User >= 0)
        {
            userFactors.AsSpan(history.User * stride, stride).CopyTo(factor);
        }
        else
        {
            solver.Solve(history.Items, factor, new float[stride * stride]);
        }
    }
}
