using Grpc.Core;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Client;

/// <summary>Calls of a model with sequences that belong together: what one leaves, the next goes on from. They all go to one server, and none is made again.</summary>
/// <remarks>
/// Not thread safe: a call is made when the one before was answered. A sequence is over after its last call, after one of which nobody knows whether the model ran on it, and on the server
/// where it was idle for longer than the model's configuration allows.
/// </remarks>
public sealed class InferenceSequence
{
    private readonly ZeroWorldClient _client;
    private readonly ServerEndpoint _server;
    private readonly string _model;
    private readonly string _version;
    private bool _isBegun;
    private bool _isCalling;
    private bool _isOver;

    internal InferenceSequence(ZeroWorldClient client, ServerEndpoint server, string model, string version, ulong id) =>
        (_client, _server, _model, _version, Id) = (client, server, model, version, id);

    /// <summary>What its requests carry as <c>sequence_id</c>.</summary>
    public ulong Id { get; }

    /// <param name="inputs">The inputs that the model's metadata names. Their bytes are sent in place: they must not change until the call has ended.</param>
    /// <param name="isLast">Whether the sequence is over with it.</param>
    /// <param name="outputs">Outputs wanted, in order; <see langword="null"/> or empty for all.</param>
    /// <param name="timeout">How long the call may take; <see langword="null"/>: as the client's options say.</param>
    /// <param name="cancellationToken">Gives it up, and the sequence with it.</param>
    /// <returns>Dispose it when it was read.</returns>
    /// <exception cref="RpcException">
    /// As <see cref="ZeroWorldClient"/> says. INVALID_ARGUMENT (the request is wrong) and INTERNAL (the model failed on it) leave the sequence as it was, unless it was the first call; any other status is its end.
    /// </exception>
    /// <exception cref="InvalidOperationException">The sequence is over, or a call of it is not answered yet.</exception>
    public async Task<InferenceReply> InferAsync(
        IReadOnlyList<WireTensor> inputs, bool isLast = false, IReadOnlyList<string>? outputs = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (_isOver || _isCalling)
        {
            throw new InvalidOperationException(_isOver ? $"The sequence {Id} of model '{_model}' is over; begin another one." : $"A call of the sequence {Id} of model '{_model}' is not answered yet.");
        }

        var query = new InferenceQuery
        {
            Model = _model, Version = _version, Inputs = inputs, Outputs = outputs ?? [], Timeout = timeout, Sequence = new InferenceQuery.SequencePlace(Id, !_isBegun, isLast),
        };
        _isCalling = true;
        try
        {
            var reply = await _client.InferOnAsync(_server, query, cancellationToken).ConfigureAwait(false);
            (_isBegun, _isOver) = (true, isLast);
            return reply;
        }
        catch (RpcException exception)
        {
            _isOver = isLast || exception.StatusCode is not (StatusCode.InvalidArgument or StatusCode.Internal);
            throw;
        }
        finally
        {
            _isCalling = false;
        }
    }
}
