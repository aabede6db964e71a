namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Registration of ONNX Runtime.</summary>
public static class OnnxRuntimeServingBuilderExtensions
{
    /// <summary>Adds the runtime <c>onnx</c>.</summary>
    public static ServingBuilder AddOnnxRuntime(this ServingBuilder builder) => throw new NotImplementedException();
}
