using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Client;

/// <summary>The servers of a client: a call goes to the one with the fewest unanswered calls, of those that are well.</summary>
/// <remarks>
/// A server that cannot be reached, or says that it is not ready, is asked again every interval and gets no calls meanwhile, unless no other is well. Thread safe.
/// </remarks>
internal sealed class ServerPool : IDisposable
{
    private readonly ServerEndpoint[] _servers;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer? _timer;
    private int _turn;
    private int _isAsking;

    public ServerPool(ServerEndpoint[] servers, TimeSpan interval, TimeProvider time)
    {
        _servers = servers;
        _time = time;
        _interval = interval;

        // A single server gets every call, whatever it says.
        _timer = servers.Length == 1 ? null : time.CreateTimer(static state => ((ServerPool)state!).Ask(), this, interval, interval);
    }

    public int Count => _servers.Length;

    /// <param name="except">The one that has just failed; not chosen again as long as there is another one that is well.</param>
    public ServerEndpoint Choose(ServerEndpoint? except)
    {
        if (_servers.Length == 1)
        {
            return _servers[0];
        }

        // From another one every time, so that equals take turns.
        var start = (int)((uint)Interlocked.Increment(ref _turn) % (uint)_servers.Length);
        ServerEndpoint? best = null;
        for (var offset = 0; offset < _servers.Length; offset++)
        {
            var server = _servers[(start + offset) % _servers.Length];
            if (server.IsHealthy && server != except && (best is null || server.InFlight < best.InFlight))
            {
                best = server;
            }
        }

        return best ?? _servers[start];
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _timer?.Dispose();
        foreach (var server in _servers)
        {
            server.Dispose();
        }
    }

    private void Ask()
    {
        if (Interlocked.Exchange(ref _isAsking, 1) == 0)
        {
            _ = AskAllAsync();
        }
    }

    private async Task AskAllAsync()
    {
        try
        {
            await Task.WhenAll(_servers.Select(AskAsync)).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isAsking, 0);
        }
    }

    private async Task AskAsync(ServerEndpoint server)
    {
        try
        {
            var client = new GRPCInferenceService.GRPCInferenceServiceClient(server.Invoker);
            using var call = client.ServerReadyAsync(new ServerReadyRequest(), deadline: _time.GetUtcNow().UtcDateTime + _interval, cancellationToken: _stopping.Token);
            server.IsHealthy = (await call.ResponseAsync.ConfigureAwait(false)).Ready;
        }
        catch (Exception exception) when (exception is RpcException or ObjectDisposedException or OperationCanceledException)
        {
            server.IsHealthy = false;
        }
    }
}
