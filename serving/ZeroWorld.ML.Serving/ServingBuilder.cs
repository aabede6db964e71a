using Microsoft.Extensions.DependencyInjection;

namespace ZeroWorld.ML.Serving;

/// <summary>Adds runtimes and options to the serving engine.</summary>
public sealed class ServingBuilder
{
    internal ServingBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }
}
