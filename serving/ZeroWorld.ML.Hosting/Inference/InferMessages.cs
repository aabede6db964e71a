using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>ModelInfer over its messages, for single calls and for streams.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class InferMessages(InferenceCalls calls)
{
    /// <returns>An answer that reads the outputs in place.</returns>
    public async ValueTask<ModelInferResponse> InferAsync(ModelInferRequest request, DateTimeOffset? deadline, CancellationToken cancellationToken)
    {
        var received = Stopwatch.GetTimestamp();
        var message = InferRequestReader.Read(request, calls.SharedMemory);
        var answer = await calls.RunAsync(request.ModelName, request.ModelVersion, message, deadline, received, cancellationToken).ConfigureAwait(false);
        var response = new ModelInferResponse
        {
            ModelName = request.ModelName,
            ModelVersion = answer.Version.ToString(CultureInfo.InvariantCulture),
            Id = request.Id,
        };
        foreach (var output in answer.Outputs)
        {
            // An output in shared memory keeps its place among the raw contents, empty, so that the others are found by their index.
            InferTensorCodec.AddOutput(response, output.SharedMemory is null ? output.Tensor : output.Tensor with { Data = ReadOnlyMemory<byte>.Empty });
        }

        answer.Request.Finish();
        return response;
    }
}
