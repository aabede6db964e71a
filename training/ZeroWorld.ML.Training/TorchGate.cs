namespace ZeroWorld.ML.Training;

/// <summary>One user of libtorch at a time, of all kinds of training in a process.</summary>
public static class TorchGate
{
    /// <summary>libtorch's random numbers and its number of threads are of the process: who uses them, holds this.</summary>
    public static Lock Lock { get; } = new();
}
