using System.Threading.Channels;
using Grpc.Core;
using Inference;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Hosting;

/// <summary>ModelStreamInfer: requests of one stream are worked on at the same time, up to a bound, and answered in their order; those of one sequence one after another.</summary>
/// <remarks>
/// A request that fails is answered with an error_message, and the stream goes on; where the caller asked for statuses (metadata <c>triton_grpc_error: true</c>) the first failure ends it.
/// While the bound is reached, or the caller reads no answers, no further request is read. A server that stops answers what it has read.
/// </remarks>
internal sealed class InferStream(InferMessages messages, ServerOptions options, IHostApplicationLifetime lifetime, ILogger<InferStream> logger)
{
    private const string ErrorMetadata = "triton_grpc_error";
    private const string FinalResponse = "triton_final_response";
    private static readonly Status Stopping = new(StatusCode.Unavailable, "The server is stopping.");

    public async Task RunAsync(IAsyncStreamReader<ModelInferRequest> requests, IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context)
    {
        var endsOnError = context.RequestHeaders.GetValue(ErrorMetadata) == "true";
        var answers = Channel.CreateBounded<Task<Answer>>(new BoundedChannelOptions(options.StreamRequestsInFlightMax) { SingleReader = true, SingleWriter = true });
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var reading = ReadAsync(requests, answers.Writer, abort.Token);
        try
        {
            await WriteAsync(answers.Reader, responses, endsOnError, context, abort.Token).ConfigureAwait(false);
        }
        finally
        {
            // Nobody reads further answers: what still waits is not run, and nothing outlives its call.
            await abort.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (answers.Reader.TryRead(out var left))
            {
                await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await reading.ConfigureAwait(false);
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new RpcException(Stopping);
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<ModelInferRequest> requests, ChannelWriter<Task<Answer>> answers, CancellationToken aborted)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        var sequences = new Dictionary<(string, InferParameter), Task>();
        try
        {
            while (await requests.MoveNext(ended.Token).ConfigureAwait(false))
            {
                // Room first: a request that is being worked on has its place among the answers.
                if (!await answers.WaitToWriteAsync(ended.Token).ConfigureAwait(false))
                {
                    break;
                }

                var request = requests.Current;
                answers.TryWrite(request.Parameters.TryGetValue("sequence_id", out var id) ? Queue(sequences, (request.ModelName, id), request, aborted) : Start(request, null, aborted));
            }
        }
        catch (IOException)
        {
            // The caller reset the stream: nobody is there to be told.
            throw new RpcException(GrpcErrors.Gone);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            // What was read is answered; the caller hears why nothing more is.
        }
        finally
        {
            answers.TryComplete();
        }
    }

    private static async Task WriteAsync(
        ChannelReader<Task<Answer>> answers, IServerStreamWriter<ModelStreamInferResponse> responses, bool endsOnError, ServerCallContext context, CancellationToken aborted)
    {
        await foreach (var answering in answers.ReadAllAsync(aborted).ConfigureAwait(false))
        {
            var answer = await answering.ConfigureAwait(false);
            if (endsOnError && answer.Error is { } error)
            {
                throw new RpcException(error);
            }

            await responses.WriteToCallerAsync(answer.Response, context, aborted).ConfigureAwait(false);
        }
    }

    private Task<Answer> Queue(Dictionary<(string, InferParameter), Task> sequences, (string, InferParameter) sequence, ModelInferRequest request, CancellationToken cancellationToken)
    {
        // As many as may be worked on can be unfinished.
        if (sequences.Count > 2 * options.StreamRequestsInFlightMax)
        {
            foreach (var (ended, _) in sequences.Where(static pair => pair.Value.IsCompleted).ToList())
            {
                sequences.Remove(ended);
            }
        }

        var answer = Start(request, sequences.GetValueOrDefault(sequence), cancellationToken);
        sequences[sequence] = answer;
        return answer;
    }

    /// <summary>Works on a request off the reader: the next one is read, and may share a run with this one, meanwhile. First come, first served: a thread takes the newest of its own work first.</summary>
    /// <param name="before">The request of the same sequence that came before; <see langword="null"/>: none did.</param>
    private Task<Answer> Start(ModelInferRequest request, Task? before, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => AnswerAsync(request, before, cancellationToken), CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default).Unwrap();

    private async Task<Answer> AnswerAsync(ModelInferRequest request, Task? before, CancellationToken cancellationToken)
    {
        if (before is not null)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ModelInferResponse response;
        Status? error = null;
        try
        {
            response = await messages.InferAsync(request, null, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The edge of one request of a stream that lives on: a bug in it is logged here and opaque to the caller.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            error = ToStatus(exception);
            response = new ModelInferResponse { Id = request.Id, ModelName = request.ModelName, ModelVersion = request.ModelVersion };
        }

        response.Parameters[FinalResponse] = new InferParameter { BoolParam = true };
        return new Answer(new ModelStreamInferResponse { ErrorMessage = error?.Detail ?? "", InferResponse = response }, error);
    }

    private Status ToStatus(Exception exception)
    {
        const string Method = "/inference.GRPCInferenceService/ModelStreamInfer";
        if (CallFailure.Of(exception) is not { } failure)
        {
            HostingLog.CallBroke(logger, exception, Method);
            return new Status(StatusCode.Unknown, "The server failed; its log says why.");
        }

        if (failure.Code is StatusCode.Internal or StatusCode.DataLoss)
        {
            HostingLog.CallFailed(logger, exception, Method, failure.Code.ToString());
        }
        else
        {
            HostingLog.CallRefused(logger, Method, failure.Code.ToString(), failure.Message);
        }

        return new Status(failure.Code, failure.Message);
    }

    private readonly record struct Answer(ModelStreamInferResponse Response, Status? Error);
}
