using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Training;

/// <summary><see cref="Adam"/> over parameters of a network of TorchSharp, in the memory of the processor.</summary>
/// <remarks>
/// TorchSharp's own makes a Scalar for every operation of a step, whose finalizer may free it while libtorch reads it (see <see cref="TorchArithmetic"/>). Here a step is one pass over the
/// memory of weights and gradients. Not thread safe.
/// </remarks>
public sealed class TorchAdam
{
    private readonly (Parameter Weights, Adam Step)[] _parameters;

    /// <param name="parameters">FP32 and contiguous; of at most 2^29 values each. They stay the caller's.</param>
    /// <param name="rate">Length of a step, above 0.</param>
    public TorchAdam(IEnumerable<Parameter> parameters, double rate)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _parameters = [.. parameters.Select(static parameter => (parameter, new Adam(checked((int)parameter.numel()))))];
        Rate = rate;
    }

    /// <value>Length of a step, above 0.</value>
    public double Rate { get; set; }

    /// <summary>Forgets the gradients of the last step.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        foreach (var (weights, _) in _parameters)
        {
            weights.grad?.zero_();
        }
    }

    /// <summary>One step; a parameter without a gradient stays.</summary>
    public void Step()
    {
        using var scope = NewDisposeScope();
        foreach (var (weights, adam) in _parameters)
        {
            if (weights.grad?.contiguous() is { } gradient)
            {
                adam.Step(MemoryMarshal.Cast<byte, float>(weights.bytes), MemoryMarshal.Cast<byte, float>(gradient.bytes), Rate);
            }
        }
    }
}
