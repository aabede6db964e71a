using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>What stands behind the calls beside inference itself, in gRPC and in REST.</summary>
internal sealed record ProtocolExtensions(ServedModels Models, ModelRepository Repository, SharedMemoryRegions SharedMemory, LogSettings Logs, TraceSettings Traces);
