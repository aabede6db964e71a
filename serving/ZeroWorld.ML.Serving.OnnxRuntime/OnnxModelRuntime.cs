using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Runs ONNX models with ONNX Runtime.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class OnnxModelRuntime : IModelRuntime
{
    public OnnxModelRuntime(OnnxRuntimeOptions options) => throw new NotImplementedException();

    public string Name => "onnx";

    public string Platform => "onnxruntime_onnx";

    public string Build => throw new NotImplementedException();

    public IReadOnlyList<string> DeviceKinds => throw new NotImplementedException();

    public IModelInstance Open(ModelPackage package, string device) => throw new NotImplementedException();
}
