using System.Globalization;
using Grpc.Core;
using Inference;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The Open Inference Protocol over gRPC.</summary>
[BindServiceMethod(typeof(InferenceServiceBinding), nameof(InferenceServiceBinding.BindService))]
internal sealed partial class InferenceGrpcService(
    InferencePath inference, ServerIdentity identity, ServerReadiness readiness, InferMessages messages, InferStream stream, ProtocolExtensions extensions)
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

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) =>
        messages.InferAsync(request, GrpcErrors.DeadlineOf(context), context.CancellationToken).AsTask();

    private static ModelMetadataResponse.Types.TensorMetadata ToMetadata(Models.TensorSpec spec) =>
        new() { Name = spec.Name, Datatype = Models.TensorDtypes.ToName(spec.Dtype), Shape = { spec.Shape } };
}
