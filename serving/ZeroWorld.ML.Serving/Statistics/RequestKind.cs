namespace ZeroWorld.ML.Serving;

/// <summary>What a request asks for.</summary>
public enum RequestKind
{
    /// <summary>A model on tensors that the caller gives.</summary>
    Infer,

    /// <summary>A prediction by entity.</summary>
    Predict,
}

internal static class RequestKindExtensions
{
    /// <summary>The value of the tag <c>request.kind</c>.</summary>
    public static string ToTag(this RequestKind kind) => kind == RequestKind.Predict ? "predict" : "infer";
}
