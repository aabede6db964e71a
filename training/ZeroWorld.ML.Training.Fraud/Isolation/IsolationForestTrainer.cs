using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Isolation forest: rows that random splits separate early are unusual. Labels only scale its score to log odds.</summary>
/// <remarks>
/// Liu, Ting and Zhou 2008. The anomaly score <c>-E[path] / c(rows per tree)</c> becomes log odds by <see cref="PlattScaling"/> on the training rows, two numbers.
/// Deterministic: the generator of tree t is seeded by (seed, t). Thread safe.
/// </remarks>
public sealed class IsolationForestTrainer : ITrainer<IsolationForestModel>
{
    private readonly IsolationForestSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public IsolationForestTrainer(IsolationForestSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("Isolation forest", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.IsolationForest;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public IsolationForestModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        var perTree = Math.Min(_settings.RowsPerTree, rows.Length);
        var depthMax = (int)Math.Ceiling(Math.Log2(perTree));
        var scale = -1 / (_settings.Trees * PathLength(perTree));
        var trees = new DecisionTree[_settings.Trees];
        for (var tree = 0; tree < trees.Length; tree++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var random = new Random(unchecked((seed * 1_000_003) + tree));
            trees[tree] = new IsolationTree(table, random, depthMax, scale).Grow(Draw(rows.Span, perTree, random));
        }

        var ensemble = new TreeEnsemble { FeatureCount = table.FeatureNames.Count, Trees = trees };
        var scaling = PlattScaling.Fit(IsolationForestModel.Sum(ensemble, table, rows.Span), table.LabelsOf(rows.Span));
        return new IsolationForestModel(ensemble with { Slope = scaling.Slope, Offset = scaling.Offset });
    }

    /// <summary>Mean path of an unsuccessful search in a binary search tree of so many rows: what a leaf with several rows would still take.</summary>
    internal static double PathLength(int rows) => rows switch
    {
        <= 1 => 0,
        2 => 1,
        _ => (2 * (Math.Log(rows - 1) + 0.5772156649015329)) - (2.0 * (rows - 1) / rows),
    };

    // Without replacement: the first places of a partial shuffle.
    private static int[] Draw(ReadOnlySpan<int> rows, int count, Random random)
    {
        var moved = new Dictionary<int, int>();
        var drawn = new int[count];
        for (var place = 0; place < count; place++)
        {
            var other = random.Next(place, rows.Length);
            drawn[place] = rows[moved.GetValueOrDefault(other, other)];
            moved[other] = moved.GetValueOrDefault(place, place);
        }

        return drawn;
    }
}
