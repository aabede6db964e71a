using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One execution context of a model on one device. Owns native memory.</summary>
/// <remarks>Not thread safe: one call at a time. Every instance in use has one owner, its batch scheduler.</remarks>
public interface IModelInstance : IDisposable
{
    ModelSignature Signature { get; }

    /// <value><c>cpu</c> or <c>cuda:N</c>.</value>
    string Device { get; }

    /// <summary>Contexts of the model, this one included, that may run at the same time without taking processors from one another. As many are opened where nobody says how many.</summary>
    int BesideMax => 1;

    /// <summary>Memory of a GPU that it holds now, beyond what another instance counts. Asked while it does not run.</summary>
    /// <value><see langword="null"/> on the CPU, and where the engine does not count it.</value>
    long? DeviceMemoryBytes => null;

    /// <summary>Another execution context of the same loaded model, with the weights shared. It is disposed by itself.</summary>
    /// <returns><see langword="null"/> where the engine has no such thing: then the model is opened once more.</returns>
    IModelInstance? TryShare() => null;

    /// <summary>Runs the model once. Blocks until the outputs are in host memory.</summary>
    /// <param name="inputs">One per input of the signature, in its order; datatypes and shapes were checked against it. <see langword="null"/> for an optional one that is left out.</param>
    /// <returns>One per output of the signature, in its order, in memory of their own.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>; <see cref="ServingError.Overloaded"/>: the device has no memory left for it.</exception>
    TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs);

    /// <summary>Runs the model once, with its outputs in memory that the caller gives where the engine can write to it.</summary>
    /// <inheritdoc cref="Run(ReadOnlySpan{TensorBuffer})"/>
    /// <param name="memory">Where outputs of fixed width may go.</param>
    TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory) => Run(inputs);
}
