using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A model whose tensors callers see otherwise than it does.</summary>
/// <remarks>Owns the instance in it. Not thread safe, as that is not.</remarks>
internal abstract class InstanceWrapper(IModelInstance inner) : IModelInstance
{
    public abstract ModelSignature Signature { get; }

    public string Device => inner.Device;

    public int BesideMax => inner.BesideMax;

    public long? DeviceMemoryBytes => inner.DeviceMemoryBytes;

    public IModelInstance? TryShare() => inner.TryShare() is { } shared ? Wrap(shared) : null;

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs) => ToAnswer(inner.Run(ToModel(inputs)), inputs);

    public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs, IOutputMemory memory) => ToAnswer(inner.Run(ToModel(inputs), memory), inputs);

    public void Dispose() => inner.Dispose();

    /// <summary>The same around another instance of the model.</summary>
    protected abstract IModelInstance Wrap(IModelInstance instance);

    /// <summary>The model's inputs.</summary>
    protected abstract TensorBuffer[] ToModel(ReadOnlySpan<TensorBuffer> inputs);

    /// <summary>The callers' outputs.</summary>
    /// <param name="outputs">Of the model.</param>
    /// <param name="inputs">The callers' inputs.</param>
    protected abstract TensorBuffer[] ToAnswer(TensorBuffer[] outputs, ReadOnlySpan<TensorBuffer> inputs);
}
