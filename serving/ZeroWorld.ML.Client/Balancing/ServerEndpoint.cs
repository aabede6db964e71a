using Grpc.Core;

namespace ZeroWorld.ML.Client;

/// <summary>One server that a client may call, and how it is.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ServerEndpoint(CallInvoker invoker, IDisposable? owned) : IDisposable
{
    private int _inFlight;
    private volatile bool _isHealthy = true;

    public CallInvoker Invoker { get; } = invoker;

    /// <summary>Unanswered calls.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Whether it answered when it was asked last.</summary>
    public bool IsHealthy
    {
        get => _isHealthy;
        set => _isHealthy = value;
    }

    public void Enter() => Interlocked.Increment(ref _inFlight);

    public void Leave() => Interlocked.Decrement(ref _inFlight);

    public void Dispose() => owned?.Dispose();
}
