using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What ensembles have instead of an engine: their tensors are those of their configuration.</summary>
internal sealed class EnsembleRuntime : IModelRuntime
{
    /// <summary>Its name.</summary>
    public const string RuntimeName = "ensemble";

    private EnsembleRuntime()
    {
    }

    /// <summary>The only one.</summary>
    public static EnsembleRuntime Shared { get; } = new();

    public string Name => RuntimeName;

    public string Platform => RuntimeName;

    public string Build => RuntimeName;

    public IReadOnlyList<string> DeviceKinds => ["cpu"];

    public IModelInstance Open(ModelPackage package, string device, long? memoryBytesMax = null) => package.Settings.Steps.Count > 0
        ? new Tensors(new ModelSignature(package.Settings.Inputs, package.Settings.Outputs) { IsBatchable = package.Settings.RowAxis == RowAxis.Declared }, device)
        : throw new ServingException(ServingError.ModelRefused, $"The ensemble '{package.Manifest.Name}' has no steps; expected a config.pbtxt with ensemble_scheduling.");

    private sealed class Tensors(ModelSignature signature, string device) : IModelInstance
    {
        public ModelSignature Signature => signature;

        public string Device => device;

        public TensorBuffer[] Run(ReadOnlySpan<TensorBuffer> inputs) =>
            throw new ServingException(ServingError.BackendFailed, "An ensemble has no run of its own: its steps have.");

        public void Dispose()
        {
        }
    }
}
