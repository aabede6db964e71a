namespace ZeroWorld.ML.Training.Fraud;

/// <summary>One library that grows trees. Deterministic by the seed. Thread safe.</summary>
internal interface ITreeEngine
{
    /// <summary>Makes and decides what all fits on the same rows share, such as bins and the number of trees.</summary>
    /// <param name="seed">Of the first fit.</param>
    ITreeFits Begin(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken);

    /// <param name="state">As <see cref="IFittedTrees.Save"/> gave it.</param>
    IFittedTrees Read(byte[] state);

    static ITreeEngine Of(TreeSettings settings) => settings switch
    {
        LightGbmSettings lightGbm => new LightGbmEngine(lightGbm),
        FastTreeSettings fastTree => new MlNetEngine(settings.PositiveWeight, (context, seed) => FastTreeTrainers.Of(context, fastTree, seed)),
        ForestSettings forest => new MlNetEngine(settings.PositiveWeight, (context, seed) => FastTreeTrainers.Of(context, forest, seed)),
        _ => throw new ArgumentException($"There is no engine for {settings.GetType().Name}.", nameof(settings)),
    };
}
