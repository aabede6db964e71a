namespace ZeroWorld.ML.Serving;

/// <summary>Runs a model on tensors that the caller gives: ModelInfer, ModelMetadata and ModelReady of the Open Inference Protocol.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class InferencePath
{
    /// <exception cref="ServingException">Any but those of predictions; the message is meant for the caller.</exception>
    /// <exception cref="OperationCanceledException">The caller went away, or its deadline passed, before the model ran.</exception>
    public ValueTask<InferenceResult> InferAsync(InferenceRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Loads the version when it loads on request.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelNotFound"/>, <see cref="ServingError.ModelNotReady"/>, <see cref="ServingError.ModelRefused"/>.</exception>
    public ValueTask<ModelMetadata> GetMetadataAsync(string modelName, string modelVersion, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Whether the model version answers now; <see langword="false"/> also when there is none. Loads nothing.</summary>
    public bool IsReady(string modelName, string modelVersion) => throw new NotImplementedException();
}
