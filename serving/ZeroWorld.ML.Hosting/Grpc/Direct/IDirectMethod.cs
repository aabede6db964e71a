using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>A unary method that <see cref="DirectCalls"/> answers. Thread safe.</summary>
internal interface IDirectMethod
{
    /// <value>Its path, for logs.</value>
    string Name { get; }

    /// <summary>Reads a request. What of it is needed later is copied: the memory goes when this returns.</summary>
    /// <param name="deadline">When the caller stops waiting; <see langword="null"/>: never.</param>
    /// <returns><see langword="null"/> when the request is for the long way: the message is not what this one takes.</returns>
    IDirectCall? TryRead(in ReadOnlySequence<byte> message, DateTimeOffset? deadline);
}

/// <summary>One call. Disposed when it is answered, or, when it is not waited for any more, when it has run.</summary>
internal interface IDirectCall : IDisposable
{
    /// <value>How long it may take by its message, from when that was read; <see langword="null"/>: as long as its caller waits.</value>
    TimeSpan? Timeout { get; }

    /// <param name="context">The request: its token ends what need not run any more.</param>
    ValueTask RunAsync(HttpContext context);

    /// <summary>Writes the answer once it has run.</summary>
    /// <param name="bytesMax">Largest message.</param>
    /// <exception cref="Grpc.Core.RpcException">The message would be larger; nothing was written.</exception>
    void WriteTo(DirectOutput output, int bytesMax);
}
