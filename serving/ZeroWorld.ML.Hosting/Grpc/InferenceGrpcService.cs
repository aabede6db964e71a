using System.Globalization;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>The Open Inference Protocol over gRPC.</summary>
internal sealed class InferenceGrpcService(InferencePath inference, ServerIdentity identity, ServerReadiness readiness)
    : GRPCInferenceService.GRPCInferenceServiceBase
{
    private static readonly ServerLiveResponse Live = new() { Live = true };

    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(Live);

    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.IsReady });

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = identity.Name, Version = identity.Version, Extensions = { identity.Extensions } });

    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelReadyResponse { Ready = inference.IsReady(request.Name, request.Version) });

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var metadata = await inference.GetMetadataAsync(request.Name, request.Version, context.CancellationToken).ConfigureAwait(false);
        var response = new ModelMetadataResponse { Name = request.Name, Platform = metadata.Platform };
        response.Versions.AddRange(metadata.Versions.Select(static version => version.ToString(CultureInfo.InvariantCulture)));
        response.Inputs.AddRange(metadata.Signature.Inputs.Select(ToMetadata));
        response.Outputs.AddRange(metadata.Signature.Outputs.Select(ToMetadata));
        response.Properties["version"] = metadata.Version.ToString(CultureInfo.InvariantCulture);
        return response;
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        RefuseUnknownParameters(request);
        var result = await inference.InferAsync(ToRequest(request), context.CancellationToken).ConfigureAwait(false);
        var response = new ModelInferResponse
        {
            ModelName = request.ModelName,
            ModelVersion = result.Version.ToString(CultureInfo.InvariantCulture),
            Id = request.Id,
        };
        foreach (var output in result.Outputs)
        {
            InferTensorCodec.AddOutput(response, InferTensors.ToWire(output));
        }

        return response;
    }

    private static InferenceRequest ToRequest(ModelInferRequest request)
    {
        var outputs = request.Outputs.Count == 0 ? [] : new string[request.Outputs.Count];
        for (var index = 0; index < outputs.Length; index++)
        {
            outputs[index] = request.Outputs[index].Name;
        }

        return new InferenceRequest
        {
            ModelName = request.ModelName,
            ModelVersion = request.ModelVersion,
            Inputs = InferTensors.ToInputs(InferTensorCodec.ReadInputs(request)),
            Outputs = outputs,
        };
    }

    /// <summary>Parameters that would change the answer and are not served here are refused: an answer that ignored them would be wrong.</summary>
    private static void RefuseUnknownParameters(ModelInferRequest request)
    {
        foreach (var input in request.Inputs)
        {
            Refuse(input.Parameters.Keys, input.Name);
        }

        foreach (var output in request.Outputs)
        {
            Refuse(output.Parameters.Keys, output.Name);
        }

        static void Refuse(ICollection<string> names, string tensor)
        {
            foreach (var name in names)
            {
                if (name == "classification" || name.StartsWith("shared_memory", StringComparison.Ordinal))
                {
                    throw new TensorFormatException($"Parameter '{name}' of tensor '{tensor}' is not supported here.");
                }
            }
        }
    }

    private static ModelMetadataResponse.Types.TensorMetadata ToMetadata(Models.TensorSpec spec) =>
        new() { Name = spec.Name, Datatype = Models.TensorDtypes.ToName(spec.Dtype), Shape = { spec.Shape } };
}
