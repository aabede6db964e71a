namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Factors of users and items; a score is their product. Strangers are folded in by the solver that made the trained users.</summary>
internal sealed class FactorModel(string algorithm, float[] userFactors, float[] itemFactors, int stride, AlsSolver solver) : IQueryRecommender
{
    public string Algorithm => algorithm;

    public int ItemCount => itemFactors.Length / stride;

    internal int Stride => stride;

    internal ReadOnlySpan<float> ItemFactors => itemFactors;

    public int QueryLength => stride;

    public ReadOnlySpan<float> ItemVectors => itemFactors;

    internal ReadOnlySpan<float> UserFactors => userFactors;

    internal AlsSolver Solver => solver;

    public void Score(UserHistory history, Span<float> scores) => QueryScores.Of(this, history, scores);

    public void Query(UserHistory history, Span<float> query)
    {
        if (history.User >= 0)
        {
            userFactors.AsSpan(history.User * stride, stride).CopyTo(query);
        }
        else
        {
            solver.Solve(history.Items, query, new float[stride * stride]);
        }
    }
}
