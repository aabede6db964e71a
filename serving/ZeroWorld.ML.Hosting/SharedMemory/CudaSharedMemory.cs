using Grpc.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>What callers are told about CUDA shared memory.</summary>
internal static class CudaSharedMemory
{
    public static ProtocolFailure NotSupported(string region) =>
        new(StatusCode.Unimplemented, $"CUDA shared memory is not supported here: the region '{region}' cannot be registered; send tensors in the request, or through system shared memory");

    public static ProtocolFailure NotFound(string region) => new(StatusCode.NotFound, $"Unable to find cuda shared memory region: '{region}'");
}
