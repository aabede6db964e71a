using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Load;

/// <summary>ModelInfer for models of one FP32 row to one FP32 number. A model that it does not have is an echo: the transport alone, with messages of the same sizes.</summary>
internal sealed class BareInferenceService(Dictionary<string, BareBatcher> batchers) : GRPCInferenceService.GRPCInferenceServiceBase
{
    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var value = batchers.TryGetValue(request.ModelName, out var batcher) ? await batcher.RunAsync(request.RawInputContents[0].Memory) : 0;
        var data = new byte[sizeof(float)];
        MemoryMarshal.Write(data, value);
        var response = new ModelInferResponse { ModelName = request.ModelName, ModelVersion = "1", Id = request.Id };
        response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = "y", Datatype = "FP32", Shape = { 1, 1 } });
        response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(data));
        return response;
    }
}
