using Grpc.Core;

namespace ZeroWorld.ML.Client;

/// <summary>Makes each call on the server that is chosen for it, and makes safe ones again that fail for want of a server.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class BalancingInvoker(ServerPool pool, ZeroWorldClientOptions options) : CallInvoker
{
    private readonly RetryBudget _budget = new();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions callOptions, TRequest request)
    {
        var call = new RetriedCall<TRequest, TResponse>(this, method, host, callOptions, request);
        return new AsyncUnaryCall<TResponse>(
            call.Start(),

            // Asked for by few: without a task that nobody looks at.
            static state => ((RetriedCall<TRequest, TResponse>)state).HeadersAsync(),
            static state => ((RetriedCall<TRequest, TResponse>)state).GetStatus(),
            static state => ((RetriedCall<TRequest, TResponse>)state).GetTrailers(),
            static state => ((RetriedCall<TRequest, TResponse>)state).Dispose(),
            call);
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions callOptions, TRequest request) =>
        Pool.Choose(null).Invoker.BlockingUnaryCall(method, host, callOptions, request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions callOptions, TRequest request) =>
        Pool.Choose(null).Invoker.AsyncServerStreamingCall(method, host, callOptions, request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions callOptions) =>
        Pool.Choose(null).Invoker.AsyncClientStreamingCall(method, host, callOptions);

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions callOptions) =>
        Pool.Choose(null).Invoker.AsyncDuplexStreamingCall(method, host, callOptions);

    /// <summary>One call as its caller sees it, over the attempts that it takes.</summary>
    private sealed class RetriedCall<TRequest, TResponse>(BalancingInvoker owner, Method<TRequest, TResponse> method, string? host, CallOptions callOptions, TRequest request) : IDisposable
        where TRequest : class
        where TResponse : class
    {
        private readonly CancellationTokenSource _disposed = new();
        private Task<TResponse>? _response;
        private AsyncUnaryCall<TResponse>? _last;
        private int _isDisposed;

        public Task<TResponse> Start() => _response = RunAsync();

        private async Task<TResponse> RunAsync()
        {
            // Taken before the first wait: the source may be gone after it.
            var disposed = _disposed.Token;
            var hasOther = owner.Pool.Count > 1;
            ServerEndpoint? failed = null;
            for (var retry = 0; ; retry++)
            {
                var server = owner.Pool.Choose(failed);
                server.Enter();
                try
                {
                    _last = server.Invoker.AsyncUnaryCall(method, host, callOptions, request);
                    var response = await _last.ResponseAsync.ConfigureAwait(false);
                    owner._budget.OnAnswer();
                    return response;
                }
                catch (RpcException exception)
                {
                    // Nobody is there: the next calls go elsewhere at once, not only after the next question.
                    server.IsHealthy &= exception.StatusCode != StatusCode.Unavailable || !hasOther;
                    if (!MayRetry(exception.StatusCode, retry, hasOther))
                    {
                        throw;
                    }
                }
                finally
                {
                    server.Leave();
                }

                failed = server;
                await Task.Delay(RetryPolicy.DelayOf(retry, hasOther), owner.Options.TimeProvider, disposed).ConfigureAwait(false);
            }
        }

        /// <summary>The headers of the attempt that was answered.</summary>
        public async Task<Metadata> HeadersAsync()
        {
            await _response!.ConfigureAwait(false);
            return await _last!.ResponseHeadersAsync.ConfigureAwait(false);
        }

        public Status GetStatus() => _last!.GetStatus();

        public Metadata GetTrailers() => _last!.GetTrailers();

        public void Dispose()
        {
            // A caller may dispose its call twice.
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                _disposed.Cancel();
                _disposed.Dispose();
                _last?.Dispose();
            }
        }

        private bool MayRetry(StatusCode code, int retry, bool hasOther) =>
            retry < owner.Options.RetriesMax && RetryPolicy.IsSafe(method.FullName, request) && RetryPolicy.IsRetried(code, hasOther) && !callOptions.CancellationToken.IsCancellationRequested
            && (callOptions.Deadline is not { } deadline || deadline > owner.Options.TimeProvider.GetUtcNow().UtcDateTime + RetryPolicy.DelayOf(retry, hasOther))
            && owner._budget.TryTake();
    }

    private ServerPool Pool { get; } = pool;

    private ZeroWorldClientOptions Options { get; } = options;
}
