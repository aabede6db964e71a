using Grpc.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>A call that the protocol's side of the server refuses, whichever form it came in; the message is for the caller.</summary>
internal sealed class ProtocolFailure(StatusCode code, string message) : Exception(message)
{
    public StatusCode Code { get; } = code;
}
