using Microsoft.ML;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>One library that grows trees. Deterministic by the seed, on one thread. Thread safe.</summary>
internal interface ITreeEngine
{
    /// <summary>Decides what must be decided on the rows before the first fit, such as the number of trees.</summary>
    /// <returns>The engine with the decision.</returns>
    ITreeEngine Prepare(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken);

    ITransformer Fit(MLContext context, IDataView rows, int seed);

    static ITreeEngine Of(TreeSettings settings) => settings switch
    {
        LightGbmSettings lightGbm => new LightGbmEngine(lightGbm),
        FastTreeSettings fastTree => new FastTreeEngine(fastTree),
        ForestSettings forest => new ForestEngine(forest),
        _ => throw new ArgumentException($"There is no engine for {settings.GetType().Name}.", nameof(settings)),
    };
}
