using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Functional.Tests;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>Messages made before the measurement: it is the server that is measured.</summary>
internal static class Requests
{
    private const int Count = 2_048;
    private const string PredictPath = "/zeroworld.ml.v1.PredictionService/Predict";

    public static ModelInferRequest[] InferMessages { get; } = [.. Enumerable.Range(0, Count).Select(Inference)];

    public static PredictRequest[] PredictMessages { get; } = [.. Enumerable.Range(0, Count).Select(Prediction)];

    public static GrpcTarget Infer { get; } = Target("/inference.GRPCInferenceService/ModelInfer", Inference);

    public static GrpcTarget Predict { get; } = Target(PredictPath, Prediction);

    /// <summary>Predictions that leave the features out of the answer.</summary>
    public static GrpcTarget PredictLean { get; } = Target(PredictPath, static index => WithoutFeatures(Prediction(index)));

    public static PredictRequest First => Prediction(0);

    public static float[] Row(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, DirectSession.Columns).Select(_ => random.NextSingle() * 200)];
    }

    private static GrpcTarget Target(string path, Func<int, IMessage> create) =>
        new(path, [.. Enumerable.Range(0, Count).Select(index => GrpcTarget.ToFrame(create(index).ToByteArray()))]);

    private static PredictRequest Prediction(int index)
    {
        var random = new Random(index);
        return new PredictionQuery("fraud")
            .WithEntity("customer_id", random.Next(1, ServerChild.Entities + 1))
            .WithEntity("terminal_id", random.Next(1, ServerChild.Entities + 1))
            .WithValue("amount", Math.Round(random.NextDouble() * 200, 2))
            .At(FraudStore.Now)
            .ToRequest();
    }

    private static PredictRequest WithoutFeatures(PredictRequest request)
    {
        request.OmitFeatures = true;
        return request;
    }

    private static ModelInferRequest Inference(int index)
    {
        var request = new ModelInferRequest { ModelName = "fraud" };
        InferTensorCodec.AddInput(request, Float32Tensor.Create("features", [1, DirectSession.Columns], Row(index)));
        return request;
    }
}
