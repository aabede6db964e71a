using Grpc.Core;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>The methods of <c>PredictionService</c>, with an answer of Predict that writes itself.</summary>
[BindServiceMethod(typeof(PredictionServiceBinding), nameof(PredictionServiceBinding.BindService))]
internal abstract class PredictionGrpcServiceBase
{
    public abstract Task<PredictionReply> Predict(PredictRequest request, ServerCallContext context);

    public abstract Task<ReplayPredictionResponse> ReplayPrediction(ReplayPredictionRequest request, ServerCallContext context);

    public abstract Task<RecommendResponse> Recommend(RecommendRequest request, ServerCallContext context);
}
