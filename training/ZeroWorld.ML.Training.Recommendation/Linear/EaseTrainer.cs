using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>EASE: the linear item-item model with a zero diagonal that best rebuilds every history, in closed form.</summary>
/// <remarks>
/// P = (XᵀX + lambda I)⁻¹, B = I - P diag(1 / P), a score is the sum of the rows of B of the history's items (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019).
/// The inverse is that of libtorch's Cholesky factor in float64. Memory: three matrices of items x items float64 while fitting, one of float32 after.
/// </remarks>
/// <param name="regularisation">lambda, above 0; default 500.</param>
/// <param name="recency">How items of a history fade when it is scored. Default: all count alike.</param>
public sealed class EaseTrainer(double regularisation = 500, RecencyWeights? recency = null) : IRecommenderTrainer
{
    /// <summary>The largest catalogue: its matrix takes 1.6 GB.</summary>
    public const int ItemsMax = 20_000;

    private readonly RecencyWeights _recency = recency ?? RecencyWeights.None;

    public string Algorithm => "ease";

    public IReadOnlyDictionary<string, string> Parameters { get; } = new Dictionary<string, string>
    {
        ["lambda"] = regularisation.ToString(CultureInfo.InvariantCulture),
        ["decay"] = (recency?.Decay ?? 1).ToString(CultureInfo.InvariantCulture),
        ["recent_max"] = (recency?.RecentMax ?? 0).ToString(CultureInfo.InvariantCulture),
    };

    public bool IsRandom => false;

    public IRecommender Fit(InteractionSet train, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(train);
        _recency.Check();
        if (!(regularisation > 0))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"lambda is {regularisation}; expected more than 0.");
        }

        var items = train.ItemCount;
        if (items > ItemsMax)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData, $"The catalogue has {items} items; EASE inverts a matrix of that size and takes at most {ItemsMax}. Use item-neighbours or als.");
        }

        var gram = GramOf(train, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return new EaseModel(Algorithm, Solve(gram, items), items, _recency);
    }

    /// <summary>XᵀX as counts: how many users have both items.</summary>
    internal static double[] GramOf(InteractionSet train, CancellationToken cancellationToken)
    {
        var items = train.ItemCount;
        var gram = new double[(long)items * items];
        var columns = train.ToColumns();
        ParallelRows.For(
            items,
            static () => 0,
            (item, _) =>
            {
                var row = gram.AsSpan(item * items, items);
                foreach (var user in columns.UsersOf(item))
                {
                    foreach (var other in train.ItemsOf(user))
                    {
                        row[other]++;
                    }
                }
            },
            cancellationToken);
        return gram;
    }

    private float[] Solve(double[] gram, int items)
    {
        for (var item = 0; item < items; item++)
        {
            gram[((long)item * items) + item] += regularisation;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var matrix = tensor(gram, [items, items], ScalarType.Float64);
        using var factor = linalg.cholesky(matrix);
        using var inverse = cholesky_inverse(factor);
        using var weights = inverse.div_(inverse.diagonal().clone().neg_().unsqueeze(0));
        using var single = weights.to(ScalarType.Float32);
        var values = single.data<float>().ToArray();
        for (var item = 0; item < items; item++)
        {
            values[(item * items) + item] = 0;
        }

        return values;
    }
}
