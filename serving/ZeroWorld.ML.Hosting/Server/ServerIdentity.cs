using System.Reflection;

namespace ZeroWorld.ML.Hosting;

/// <summary>What this server says about itself.</summary>
internal sealed class ServerIdentity(ServerOptions options, SharedMemoryRegions sharedMemory, TracingOptions tracing)
{
    public string Name => options.Name;

    public string Version { get; } = typeof(ServerIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <value>Only what is implemented: clients read this to decide what to send.</value>
    public IReadOnlyList<string> Extensions { get; } =
    [
        "classification", "sequence", "model_repository", "schedule_policy", "model_configuration",
        .. sharedMemory.IsEnabled ? ["system_shared_memory"] : (string[])[],
        "binary_tensor_data", "parameters", "statistics",
        .. Tracing.IsConfigured(tracing) ? ["trace"] : (string[])[],
        "logging",
    ];
}
