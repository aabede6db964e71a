using Microsoft.Extensions.DependencyInjection;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Registration of libtorch.</summary>
public static class TorchSharpServingBuilderExtensions
{
    /// <summary>Adds the runtime <c>torchscript</c>. Libtorch is loaded when the first such model is.</summary>
    public static ServingBuilder AddTorchSharp(this ServingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IModelRuntime, TorchModelRuntime>();
        return builder;
    }
}
