using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Functional.Tests;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Load;

/// <summary>Messages made before the measurement: it is the server that is measured.</summary>
internal sealed class Requests
{
    private const int Count = 2_048;

    private readonly PredictRequest[] _predictions = [.. Enumerable.Range(0, Count).Select(Prediction)];
    private readonly PredictRequest[] _leanPredictions = [.. Enumerable.Range(0, Count).Select(Prediction).Select(WithoutFeatures)];
    private readonly ModelInferRequest[] _inferences = [.. Enumerable.Range(0, Count).Select(Inference)];

    public PredictRequest NextPrediction(int index) => _predictions[(uint)index % Count];

    public PredictRequest NextLeanPrediction(int index) => _leanPredictions[(uint)index % Count];

    public ModelInferRequest NextInference(int index) => _inferences[(uint)index % Count];

    public static float[] Row(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, DirectSession.Columns).Select(_ => random.NextSingle() * 200)];
    }

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
