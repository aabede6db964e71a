namespace ZeroWorld.ML.Training.Recommendation;

internal static class TorchGate
{
    /// <summary>libtorch's random numbers and its number of threads are of the process: who uses them, holds this.</summary>
    internal static readonly Lock Lock = new();
}
