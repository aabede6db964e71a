namespace ZeroWorld.ML.Training.Recommendation;

internal static class SequenceNetworks
{
    /// <summary>libtorch's random numbers are of the process: who draws from them, holds this.</summary>
    internal static readonly Lock Gate = new();
}
