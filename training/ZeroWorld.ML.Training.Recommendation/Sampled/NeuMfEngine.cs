namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What computes the steps of <see cref="NeuMfTrainer"/>.</summary>
public enum NeuMfEngine
{
    /// <summary>Kernels of this project: pair by pair, in place.</summary>
    Kernel,

    /// <summary>TorchSharp with automatic differentiation, batch by batch.</summary>
    TorchSharp,
}
