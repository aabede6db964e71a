using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>ModelInfer with raw tensors: copied once from the message to where the model reads them, and once from where it wrote them into the answer.</summary>
internal sealed class DirectInfer(InferencePath inference, TimeProvider time) : IDirectMethod
{
    // Of the thread: a request is read, and an answer written, without a pause.
    [ThreadStatic]
    private static RawInferRequest? _request;

    [ThreadStatic]
    private static RawInferResponse? _response;

    public string Name => "/inference.GRPCInferenceService/ModelInfer";

    public IDirectCall? TryRead(in ReadOnlySequence<byte> message, DateTimeOffset? deadline)
    {
        var received = Stopwatch.GetTimestamp();
        var request = _request ??= new RawInferRequest();
        try
        {
            return request.TryRead(message) && inference.TryBegin(request.ModelName, request.ModelVersion, received) is { } draft ? Fill(draft, request, Earlier(deadline, request.Timeout)) : null;
        }
        finally
        {
            request.Clear();
        }
    }

    private DateTimeOffset? Earlier(DateTimeOffset? deadline, TimeSpan? timeout)
    {
        var now = time.GetUtcNow();
        return timeout is { } left && (deadline ?? DateTimeOffset.MaxValue) - now > left ? now + left : deadline;
    }

    private static Call? Fill(InferenceDraft draft, RawInferRequest request, DateTimeOffset? deadline)
    {
        var isFilled = true;
        for (var index = 0; index < request.InputCount && isFilled; index++)
        {
            var input = request.GetInput(index);
            isFilled = draft.TryAddInput(input.Name, input.Datatype, input.Shape, input.Raw);
        }

        foreach (var output in request.Outputs)
        {
            isFilled = isFilled && draft.TryAddOutput(output);
        }

        if (isFilled && draft.TryFill())
        {
            return new Call(draft, request.ModelName, request.Id, deadline, request.Timeout);
        }

        draft.Dispose();
        return null;
    }

    private sealed class Call(InferenceDraft draft, string model, string id, DateTimeOffset? deadline, TimeSpan? timeout) : IDirectCall
    {
        public TimeSpan? Timeout => timeout;

        public ValueTask RunAsync(HttpContext context) => draft.RunAsync(deadline, context.RequestAborted);

        public void WriteTo(DirectOutput output, int bytesMax)
        {
            var response = _response ??= new RawInferResponse();
            response.Begin(model, draft.Version.ToString(CultureInfo.InvariantCulture), id);
            for (var index = 0; index < draft.OutputCount; index++)
            {
                var (name, tensor, _) = draft.GetOutput(index);
                response.AddOutput(name, tensor.Dtype.ToName(), tensor.Shape, tensor.ToRaw());
            }

            var length = response.Length;
            if (length > bytesMax)
            {
                throw DirectReply.RefuseSize();
            }

            response.WriteTo(output.Begin((int)length));
            draft.Finish();
        }

        public void Dispose() => draft.Dispose();
    }
}
