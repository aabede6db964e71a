namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What one thread needs to score and to learn: values and slopes by layer.</summary>
internal sealed class NeuMfScratch(int[] sizes, int stride)
{
    internal float[][] Values { get; } = [.. sizes.Select(static size => new float[size])];

    internal float[][] Slopes { get; } = [.. sizes.Select(static size => new float[size])];

    internal float[] Products { get; } = new float[stride];

    internal float[] Weighted { get; } = new float[stride];
}
