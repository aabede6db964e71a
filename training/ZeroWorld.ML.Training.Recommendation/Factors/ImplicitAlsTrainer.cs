namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Implicit matrix factorisation by alternating least squares, with a regularisation that grows with how often a user or an item occurs.</summary>
/// <remarks>
/// Each half epoch solves, for every user u with items S and item factors v: (a G + sum over S of v vᵀ + reg (|S| + a N) I) x = sum over S of v, with G = VᵀV and N items
/// (Hu et al. 2008; the scaling by frequency: Rendle et al., "Revisiting the Performance of iALS on Item Recommendation Benchmarks", 2022). The last half epoch solves the users, so
/// that a trained user's factor is the fold-in of its history. Rows are solved in parallel; the result does not depend on the number of threads.
/// </remarks>
public sealed class ImplicitAlsTrainer(ImplicitAlsSettings settings) : IRecommenderTrainer
{
    public string Algorithm => "als";

    public IReadOnlyDictionary<string, string> Parameters { get; } = settings.ToParameters();

    public bool IsRandom => true;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        settings.Check();
        var stride = DenseKernels.Pad(settings.Dimensions);
        var columns = train.ToColumns();
        var userFactors = new float[train.UserCount * stride];
        var itemFactors = Start(train.ItemCount, stride, seed);
        for (var epoch = 0; epoch < settings.Epochs; epoch++)
        {
            SolveUsers();
            SolveSide(new AlsSolver(userFactors, train.UserCount, stride, settings), columns.UsersOf, itemFactors, train.ItemCount, cancellationToken);
        }

        SolveUsers();
        return new FactorModel(Algorithm, userFactors, itemFactors, stride, new AlsSolver(itemFactors, train.ItemCount, stride, settings));

        void SolveUsers() => SolveSide(new AlsSolver(itemFactors, train.ItemCount, stride, settings), train.ItemsOf, userFactors, train.UserCount, cancellationToken);
    }

    private float[] Start(int rows, int stride, int seed)
    {
        var random = new Random(seed);
        var deviation = settings.InitialDeviation / Math.Sqrt(settings.Dimensions);
        var factors = new float[rows * stride];
        for (var row = 0; row < rows; row++)
        {
            for (var axis = 0; axis < settings.Dimensions; axis++)
            {
                factors[(row * stride) + axis] = (float)(deviation * RandomNumbers.NextNormal(random));
            }
        }

        return factors;
    }

    private delegate ReadOnlySpan<int> Observed(int row);

    private static void SolveSide(AlsSolver solver, Observed observed, float[] target, int rows, CancellationToken cancellationToken)
    {
        var stride = solver.Stride;
        ParallelRows.For(
            rows, () => new float[stride * stride], (row, scratch) => solver.Solve(observed(row), target.AsSpan(row * stride, stride), scratch), cancellationToken);
    }
}
