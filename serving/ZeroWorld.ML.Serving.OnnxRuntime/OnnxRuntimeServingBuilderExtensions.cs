using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Registration of ONNX Runtime.</summary>
public static class OnnxRuntimeServingBuilderExtensions
{
    /// <summary>Adds the runtime <c>onnx</c> with <see cref="OnnxRuntimeOptions"/>.</summary>
    public static ServingBuilder AddOnnxRuntime(this ServingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<OnnxRuntimeOptions>().ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IModelRuntime>(static provider => new OnnxModelRuntime(provider.GetRequiredService<IOptions<OnnxRuntimeOptions>>().Value));
        return builder;
    }
}
