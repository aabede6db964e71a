using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>The methods of <c>PredictionService</c>, with answers of Predict and Recommend that write themselves.</summary>
[BindServiceMethod(typeof(PredictionServiceBinding), nameof(PredictionServiceBinding.BindService))]
internal abstract class PredictionGrpcServiceBase
{
    public abstract Task<PredictionReply> Predict(PredictRequest request, ServerCallContext context);

    public abstract Task<ReplayPredictionResponse> ReplayPrediction(ReplayPredictionRequest request, ServerCallContext context);

    public abstract Task<RecommendReply> Recommend(RecommendRequest request, ServerCallContext context);
}
