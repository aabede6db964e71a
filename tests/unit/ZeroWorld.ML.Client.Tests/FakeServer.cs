using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Client.Tests;

/// <summary>A server behind an invoker: answers, fails or holds its unary calls.</summary>
internal sealed class FakeServer : CallInvoker
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _gate;
    private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    /// <summary>What calls end with; <see langword="null"/>: they are answered.</summary>
    public StatusCode? Failure { get; set; }

    public bool IsReady { get; set; } = true;

    /// <summary>Answers ModelInfer; <see langword="null"/>: with an empty message.</summary>
    public Func<ModelInferRequest, ModelInferResponse>? Infer { get; init; }

    /// <summary>Calls but the questions whether it is ready.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public List<ModelInferRequest> Requests { get; } = [];

    public void Hold() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        _gate?.TrySetResult();
        _gate = null;
    }

    /// <summary>Waits for the call of that number.</summary>
    public async Task ReachedAsync(int calls)
    {
        while (Calls < calls)
        {
            Task reached;
            lock (_lock)
            {
                reached = _reached.Task;
            }

            if (Calls < calls)
            {
                await reached.WaitAsync(TestContext.Current.CancellationToken);
            }
        }
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        new(AnswerAsync<TResponse>(request), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) =>
        throw new NotSupportedException();

    private async Task<TResponse> AnswerAsync<TResponse>(object request)
    {
        if (request is ServerReadyRequest)
        {
            return Failure == StatusCode.Unavailable ? throw Fail() : (TResponse)(object)new ServerReadyResponse { Ready = IsReady };
        }

        lock (_lock)
        {
            _calls++;
            if (request is ModelInferRequest infer)
            {
                Requests.Add(infer);
            }

            _reached.TrySetResult();
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (_gate is { } gate)
        {
            await gate.Task;
        }

        if (Failure is not null)
        {
            throw Fail();
        }

        return request is ModelInferRequest asked ? (TResponse)(object)(Infer?.Invoke(asked) ?? new ModelInferResponse()) : Activator.CreateInstance<TResponse>();
    }

    private RpcException Fail() => new(new Status(Failure!.Value, "as the test wants"));
}
