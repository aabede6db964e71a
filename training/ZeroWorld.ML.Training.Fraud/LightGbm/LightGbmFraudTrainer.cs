using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Trainers.LightGbm;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Gradient boosted trees (LightGBM through ML.NET) on float32 features.</summary>
/// <remarks>
/// Deterministic: LightGBM's deterministic mode, seeds of bagging and feature sampling from the given seed, and one thread, so that sums are taken in one order on
/// every machine. One thread also keeps small fits fast on busy machines, where OpenMP's waiting threads cost ten times what they gain. Thread safe.
/// </remarks>
public sealed class LightGbmFraudTrainer : ITrainer<LightGbmFraudModel>
{
    private const int ThreadCount = 1;

    private readonly LightGbmSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public LightGbmFraudTrainer(LightGbmSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.FindProblem() is { } problem)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"LightGBM setting {problem}");
        }

        _settings = settings;
        Parameters = new SortedDictionary<string, string>(settings.ToParameters().ToDictionary(), StringComparer.Ordinal)
        {
            ["thread_count"] = ThreadCount.ToString(CultureInfo.InvariantCulture),
        };
    }

    public string Algorithm => "lightgbm";

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public LightGbmFraudModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(table);
        cancellationToken.ThrowIfCancellationRequested();
        var positives = table.CountPositives(rows.Span);
        if (positives == 0 || positives == rows.Length)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                $"The {rows.Length} training rows hold {positives} frauds and {rows.Length - positives} genuine transactions; expected both.");
        }

        var context = new MLContext(seed);
        var trainer = context.BinaryClassification.Trainers.LightGbm(ToOptions(seed));
        return new LightGbmFraudModel(context, trainer.Fit(TableView.Of(context, table, rows)), table.FeatureNames.Count);
    }

    private LightGbmBinaryTrainer.Options ToOptions(int seed) => new()
    {
        LabelColumnName = nameof(TableView.Row.Label),
        FeatureColumnName = nameof(TableView.Row.Features),
        NumberOfIterations = _settings.Trees,
        LearningRate = _settings.LearningRate,
        NumberOfLeaves = _settings.LeavesMax,
        MinimumExampleCountPerLeaf = _settings.LeafRowsMin,
        MaximumBinCountPerFeature = _settings.BinsMax,
        NumberOfThreads = ThreadCount,
        Deterministic = true,
        Seed = seed,
        Silent = true,
        Verbose = false,
        Booster = new GradientBooster.Options
        {
            MaximumTreeDepth = _settings.DepthMax,
            L2Regularization = _settings.L2,
            SubsampleFraction = _settings.RowFraction,
            SubsampleFrequency = _settings.RowFraction < 1 ? 1 : 0,
            FeatureFraction = _settings.FeatureFraction,

            // The library's 0.1 would forbid leaves whose rows are nearly all certain, the pure ones that a rare class needs.
            MinimumChildWeight = 1e-3,
        },
    };
}
