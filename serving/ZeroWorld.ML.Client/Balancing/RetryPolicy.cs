using System.Collections.Frozen;
using Grpc.Core;
using Inference;

namespace ZeroWorld.ML.Client;

/// <summary>Which calls are made again, and when. Pure.</summary>
internal static class RetryPolicy
{
    private static readonly TimeSpan DelayFirst = TimeSpan.FromMilliseconds(20);

    // Calls that change nothing, so that one which was carried out and not answered may be made again. A prediction that was is in the log twice, under two ids.
    private static readonly FrozenSet<string> SafeMethods = FrozenSet.ToFrozenSet(
    [
        "/inference.GRPCInferenceService/ModelInfer",
        "/inference.GRPCInferenceService/ModelReady",
        "/inference.GRPCInferenceService/ModelMetadata",
        "/inference.GRPCInferenceService/ModelConfig",
        "/inference.GRPCInferenceService/ModelStatistics",
        "/inference.GRPCInferenceService/ServerMetadata",
        "/inference.GRPCInferenceService/RepositoryIndex",
        "/zeroworld.ml.v1.PredictionService/Predict",
        "/zeroworld.ml.v1.PredictionService/ReplayPrediction",
        "/zeroworld.ml.v1.FeatureStoreService/GetOnlineFeatures",
        "/zeroworld.ml.v1.FeatureStoreService/ListDefinitions",
        "/zeroworld.ml.v1.RegistryService/ListModels",
        "/zeroworld.ml.v1.RegistryService/GetModelVersion",
    ]);

    /// <summary>Whether a call changes nothing. One of a sequence does: what the next one goes on from.</summary>
    public static bool IsSafe(string method, object request) =>
        SafeMethods.Contains(method) && !(request is ModelInferRequest infer && infer.Parameters.ContainsKey("sequence_id"));

    /// <summary>Whether a failed call is made again: where the server was not there; and where it had no room, if there is another one.</summary>
    /// <param name="hasOther">Whether the client has several servers.</param>
    public static bool IsRetried(StatusCode code, bool hasOther) => code == StatusCode.Unavailable || (code == StatusCode.ResourceExhausted && hasOther);

    /// <param name="retry">0 for the first.</param>
    /// <returns>How long to wait before it: nothing the first time where there is another server.</returns>
    public static TimeSpan DelayOf(int retry, bool hasOther)
    {
        var step = hasOther ? retry - 1 : retry;
        return step < 0 ? TimeSpan.Zero : DelayFirst * (1 << Math.Min(step, 6));
    }
}
