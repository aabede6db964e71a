namespace ZeroWorld.ML.Serving;

/// <summary>What a request asks for.</summary>
public enum RequestKind
{
    /// <summary>A model on tensors that the caller gives.</summary>
    Infer,

    /// <summary>A prediction by entity.</summary>
    Predict,

    /// <summary>The best items, of a recommender.</summary>
    Recommend,
}

internal static class RequestKindExtensions
{
    /// <summary>The value of the tag <c>request.kind</c>.</summary>
    public static string ToTag(this RequestKind kind) => kind switch
    {
        RequestKind.Predict => "predict",
        RequestKind.Recommend => "recommend",
        _ => "infer",
    };
}
