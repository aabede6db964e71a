using System.Buffers.Binary;
using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Inference;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>Calls ZeroWorld.ML servers; its <c>Infer</c>, metadata and health members also speak to any server of the Open Inference Protocol.</summary>
/// <remarks>
/// Thread safe: one client per process, since it holds one HTTP/2 connection per server that all calls share. With several servers, which must serve the same models, a call goes to the one with the
/// fewest unanswered calls of those that are ready.
/// Failures are <see cref="RpcException"/> whose status detail is the server's sentence. Calls that change nothing are made again where that helps (<see cref="ZeroWorldClientOptions.RetriesMax"/>).
/// </remarks>
public sealed class ZeroWorldClient : IDisposable
{
    private readonly ServerPool _servers;
    private readonly CallInvoker _invoker;
    private readonly TimeSpan _timeout;

    /// <param name="address">Where the server's gRPC port is: <c>http://127.0.0.1:8001</c>.</param>
    /// <param name="options">Defaults where <see langword="null"/>.</param>
    /// <exception cref="ArgumentException">The address is not <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>, or an option is out of its range, or names a file that holds no certificate or key.</exception>
    public ZeroWorldClient(string address, ZeroWorldClientOptions? options = null)
        : this([address], options)
    {
    }

    /// <param name="addresses">Where the servers' gRPC ports are, at least one.</param>
    /// <param name="options">Defaults where <see langword="null"/>.</param>
    /// <exception cref="ArgumentException">There is no address, one of them is not <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>, or an option is out of its range.</exception>
    public ZeroWorldClient(IReadOnlyList<string> addresses, ZeroWorldClientOptions? options = null)
        : this(Open(addresses, options ??= new ZeroWorldClientOptions()), options)
    {
    }

    /// <param name="invoker">A channel of the caller's own, for interceptors and other transports; it stays the caller's.</param>
    /// <param name="options">Timeout, retries and clock; message limits are the channel's.</param>
    public ZeroWorldClient(CallInvoker invoker, ZeroWorldClientOptions options)
        : this([new ServerEndpoint(invoker, null)], options)
    {
    }

    internal ZeroWorldClient(ServerEndpoint[] servers, ZeroWorldClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.RetriesMax < 0 || options.HealthInterval <= TimeSpan.Zero)
        {
            throw new ArgumentException($"RetriesMax is {options.RetriesMax} and HealthInterval {options.HealthInterval}; expected 0 or more, and more than 0.", nameof(options));
        }

        _timeout = options.Timeout;
        TimeProvider = options.TimeProvider;
        _servers = new ServerPool(servers, options.HealthInterval, options.TimeProvider);
        var invoker = new BalancingInvoker(_servers, options);
        _invoker = invoker;
        Predictions = new PredictionService.PredictionServiceClient(invoker);
        Features = new FeatureStoreService.FeatureStoreServiceClient(invoker);
        Registry = new RegistryService.RegistryServiceClient(invoker);
        Moderation = new ModerationService.ModerationServiceClient(invoker);
        Inference = new GRPCInferenceService.GRPCInferenceServiceClient(invoker);
    }

    /// <summary>The generated client of <c>zeroworld.ml.v1.PredictionService</c>, for what this class has no member for.</summary>
    public PredictionService.PredictionServiceClient Predictions { get; }

    /// <summary>The generated client of <c>zeroworld.ml.v1.FeatureStoreService</c>.</summary>
    public FeatureStoreService.FeatureStoreServiceClient Features { get; }

    /// <summary>The generated client of <c>zeroworld.ml.v1.RegistryService</c>.</summary>
    public RegistryService.RegistryServiceClient Registry { get; }

    /// <summary>Decisions about content, one stream of items after the other.</summary>
    public ModerationService.ModerationServiceClient Moderation { get; }

    /// <summary>The generated client of <c>inference.GRPCInferenceService</c>.</summary>
    public GRPCInferenceService.GRPCInferenceServiceClient Inference { get; }

    /// <summary>Scores the rows of a query: the server reads their features, runs the model and decides.</summary>
    /// <exception cref="RpcException">As the class says.</exception>
    public async Task<Prediction> PredictAsync(PredictionQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        using var call = Predictions.PredictAsync(query.ToRequest(), Options(cancellationToken));
        return new Prediction(await call.ResponseAsync.ConfigureAwait(false));
    }

    /// <summary>Runs a logged prediction again from the features that were logged with it.</summary>
    /// <exception cref="RpcException">NOT_FOUND when no log holds the id.</exception>
    public async Task<ReplayPredictionResponse> ReplayAsync(string predictionId, string project = "", CancellationToken cancellationToken = default)
    {
        var request = new ReplayPredictionRequest { Project = project, PredictionId = predictionId };
        using var call = Predictions.ReplayPredictionAsync(request, Options(cancellationToken));
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    internal TimeProvider TimeProvider { get; }

    /// <summary>Runs a model on tensors, without a copy beyond the message: the answer lies in rented memory.</summary>
    /// <returns>The outputs in the order asked for. Dispose it when they were read.</returns>
    /// <exception cref="RpcException">As the class says; INTERNAL also when the server's answer is not what the protocol says.</exception>
    public async Task<InferenceReply> InferAsync(InferenceQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        using var call = _invoker.AsyncUnaryCall(InferenceMethod.ModelInfer, null, Options(cancellationToken, query.Timeout), query);
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Begins a sequence of calls of a model that keeps something from one to the next.</summary>
    /// <param name="model">As <see cref="InferenceQuery.Model"/>.</param>
    /// <param name="version">As <see cref="InferenceQuery.Version"/>.</param>
    /// <param name="id">Names it to the server, where no two that are under way may have the same; 0: one by chance, of 62 bits.</param>
    public InferenceSequence BeginSequence(string model, string version = "", ulong id = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new InferenceSequence(this, _servers.Choose(null), model, version, id == 0 ? (BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 1) | 1 : id);
    }

    internal async Task<InferenceReply> InferOnAsync(ServerEndpoint server, InferenceQuery query, CancellationToken cancellationToken)
    {
        server.Enter();
        try
        {
            using var call = server.Invoker.AsyncUnaryCall(InferenceMethod.ModelInfer, null, Options(cancellationToken, query.Timeout), query);
            return await call.ResponseAsync.ConfigureAwait(false);
        }
        finally
        {
            server.Leave();
        }
    }

    /// <summary>Runs a model on tensors.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="inputs">All inputs of the model. Their bytes are sent in place: they must not change until the call has ended.</param>
    /// <param name="version">A version, or empty for the server's choice.</param>
    /// <param name="outputs">Outputs wanted, in order; <see langword="null"/> or empty for all.</param>
    /// <returns>The outputs in the order asked for.</returns>
    /// <exception cref="RpcException">As the class says.</exception>
    /// <exception cref="TensorFormatException">The server's answer is not what the protocol says.</exception>
    public async Task<IReadOnlyList<WireTensor>> InferAsync(
        string model,
        IReadOnlyList<WireTensor> inputs,
        string version = "",
        IReadOnlyList<string>? outputs = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var request = new ModelInferRequest { ModelName = model, ModelVersion = version };
        foreach (var input in inputs)
        {
            InferTensorCodec.AddInput(request, input);
        }

        foreach (var output in outputs ?? [])
        {
            request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = output });
        }

        using var call = Inference.ModelInferAsync(request, Options(cancellationToken));
        return InferTensorCodec.ReadOutputs(await call.ResponseAsync.ConfigureAwait(false));
    }

    /// <summary>Tensors that a model takes and gives.</summary>
    /// <exception cref="RpcException">NOT_FOUND for an unknown model or version.</exception>
    public async Task<ModelMetadataResponse> GetModelMetadataAsync(string model, string version = "", CancellationToken cancellationToken = default)
    {
        using var call = Inference.ModelMetadataAsync(new ModelMetadataRequest { Name = model, Version = version }, Options(cancellationToken));
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Name, version and extensions of the server.</summary>
    /// <exception cref="RpcException">As the class says.</exception>
    public async Task<ServerMetadataResponse> GetServerMetadataAsync(CancellationToken cancellationToken = default)
    {
        using var call = Inference.ServerMetadataAsync(new ServerMetadataRequest(), Options(cancellationToken));
        return await call.ResponseAsync.ConfigureAwait(false);
    }

    /// <summary>Whether the server takes requests; <see langword="false"/> also when nothing answers at its address.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            using var call = Inference.ServerReadyAsync(new ServerReadyRequest(), Options(cancellationToken));
            return (await call.ResponseAsync.ConfigureAwait(false)).Ready;
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            return false;
        }
    }

    /// <summary>Whether a version of a model is loaded and answers.</summary>
    /// <exception cref="RpcException">As the class says.</exception>
    public async Task<bool> IsModelReadyAsync(string model, string version = "", CancellationToken cancellationToken = default)
    {
        using var call = Inference.ModelReadyAsync(new ModelReadyRequest { Name = model, Version = version }, Options(cancellationToken));
        return (await call.ResponseAsync.ConfigureAwait(false)).Ready;
    }

    public void Dispose() => _servers.Dispose();

    private static ServerEndpoint[] Open(IReadOnlyList<string> addresses, ZeroWorldClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        foreach (var address in addresses)
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) || uri.Host.Length == 0)
            {
                throw new ArgumentException($"The address is '{address}'; expected that of a server's gRPC port with its scheme, such as http://127.0.0.1:8001.", nameof(addresses));
            }
        }

        return addresses.Count > 0
            ? [.. addresses.Select(address => Open(address, options)).Select(channel => new ServerEndpoint(WithHeaders(channel.CreateCallInvoker(), options.Headers), channel))]
            : throw new ArgumentException("There is no address; expected at least one, such as http://127.0.0.1:8001.", nameof(addresses));
    }

    private static CallInvoker WithHeaders(CallInvoker invoker, IReadOnlyCollection<KeyValuePair<string, string>> headers) => headers.Count == 0 ? invoker : invoker.Intercept(metadata =>
    {
        foreach (var (name, value) in headers)
        {
            metadata.Add(name, value);
        }

        return metadata;
    });

    private static GrpcChannel Open(string address, ZeroWorldClientOptions options) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        MaxReceiveMessageSize = options.MessageBytesMax,
        MaxSendMessageSize = options.MessageBytesMax,
        HttpHandler = new SocketsHttpHandler
        {
            // Streams beyond the server's limit per connection open another connection instead of waiting.
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = System.Threading.Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = TimeSpan.FromSeconds(60),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
            SslOptions = ClientCertificates.ToOptions(options),
        },
        DisposeHttpClient = true,
    });

    private CallOptions Options(CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var left = timeout ?? _timeout;
        DateTime? deadline = left == System.Threading.Timeout.InfiniteTimeSpan ? null : TimeProvider.GetUtcNow().UtcDateTime + left;
        return new CallOptions(deadline: deadline, cancellationToken: cancellationToken);
    }
}
