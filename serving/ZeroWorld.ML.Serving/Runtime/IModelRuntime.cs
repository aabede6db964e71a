using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An engine that runs the models of one file format. Chosen by name from a package's manifest.</summary>
/// <remarks>Thread safe.</remarks>
public interface IModelRuntime
{
    /// <value>Name as manifests write it: <c>onnx</c>, <c>torchscript</c>.</value>
    string Name { get; }

    /// <value>What model metadata calls the platform: <c>onnxruntime_onnx</c>.</value>
    string Platform { get; }

    /// <value>Engine, version and what else decides the last bits of its sums, for the prediction log: <c>onnxruntime 1.31.1, 2 threads</c>.</value>
    string Build { get; }

    /// <value>Kinds of device that this build of the engine can use (<c>cuda</c>, <c>cpu</c>), the preferred one first.</value>
    IReadOnlyList<string> DeviceKinds { get; }

    /// <summary>Loads the model file of a package. Blocks while it does.</summary>
    /// <param name="package">A package in a local folder.</param>
    /// <param name="device">Where its weights and its work go: <c>cpu</c> or <c>cuda:N</c>.</param>
    /// <param name="memoryBytesMax">The most that it may take of a GPU's memory, for its weights and its largest run; <see langword="null"/>: no limit. The CPU's is not limited.</param>
    /// <returns>An instance that its caller disposes.</returns>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.ModelRefused"/>: the file cannot be served (unreadable, unsupported types or operators, no such device), with a sentence.
    /// <see cref="ServingError.Overloaded"/>: the device has no memory left for it.
    /// </exception>
    IModelInstance Open(ModelPackage package, string device, long? memoryBytesMax = null);
}
