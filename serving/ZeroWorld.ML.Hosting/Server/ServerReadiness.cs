using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Whether the server takes requests: its models were tried, and it is not stopping.</summary>
/// <remarks>Thread safe. A dead online store does not make it unready: predictions go on with declared defaults.</remarks>
internal sealed class ServerReadiness(ServableManager servables)
{
    private volatile bool _isStopping;

    public bool IsReady => !_isStopping && servables.IsReady;

    /// <summary>From now on the server says that it is not ready, while it still answers: balancers stop sending.</summary>
    public void BeginStop() => _isStopping = true;
}
