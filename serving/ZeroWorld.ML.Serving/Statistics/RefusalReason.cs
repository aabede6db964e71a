namespace ZeroWorld.ML.Serving;

/// <summary>Why a request that had reached a model version was not answered, in the four kinds that dashboards of inference servers know.</summary>
public enum RefusalReason
{
    /// <summary>The queue was full, or the request's time was over before its turn.</summary>
    Rejected,

    /// <summary>Its caller went away.</summary>
    Canceled,

    /// <summary>The model failed.</summary>
    Backend,

    /// <summary>Anything else: wrong inputs, a required feature that is missing.</summary>
    Other,
}
