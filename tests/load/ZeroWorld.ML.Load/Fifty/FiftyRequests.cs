using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Benchmarks;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>Messages of the model of 50 features, made before the measurement.</summary>
internal static class FiftyRequests
{
    private const int Columns = FiftyFeatures.Views * FiftyFeatures.FeaturesPerView;

    public static GrpcTarget Infer { get; } = new(
        "/inference.GRPCInferenceService/ModelInfer", [.. Enumerable.Range(0, FiftyServerChild.Entities).Select(static entity => Frame(Inference(entity)))]);

    /// <summary>Predictions for some entities.</summary>
    public static GrpcTarget Predict(IEnumerable<int> entities) => new(
        "/zeroworld.ml.v1.PredictionService/Predict", [.. entities.Select(static entity => Frame(Prediction(entity)))]);

    public static PredictRequest Prediction(int entity) => new PredictionQuery(FiftyServerChild.Model)
        .WithEntity("customer_id", entity)
        .At(DateTimeOffset.UnixEpoch.AddMicroseconds(FiftyFeatures.Now))
        .ToRequest();

    private static ModelInferRequest Inference(int entity)
    {
        var request = new ModelInferRequest { ModelName = FiftyServerChild.Model };
        float[] row = [.. Enumerable.Range(0, Columns).Select(column => (float)FiftyFeatures.Value(entity, column / FiftyFeatures.FeaturesPerView, column % FiftyFeatures.FeaturesPerView))];
        InferTensorCodec.AddInput(request, Float32Tensor.Create("features", [1, Columns], row));
        return request;
    }

    private static byte[] Frame(IMessage message) => GrpcTarget.ToFrame(message.ToByteArray());
}
