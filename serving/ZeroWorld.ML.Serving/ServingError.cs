namespace ZeroWorld.ML.Serving;

/// <summary>Everything that can go wrong with a request for a prediction, as its callers need to tell it apart.</summary>
public enum ServingError
{
    /// <summary>The request is wrong: the message names the tensor or column, the value and what was expected. Do not retry.</summary>
    InvalidInput,

    /// <summary>No such model, version or alias.</summary>
    ModelNotFound,

    /// <summary>The version exists and is not loaded yet, or could not be loaded for a reason that may pass. Retry.</summary>
    ModelNotReady,

    /// <summary>The version exists and must not be served as things are: its feature service changed, its package does not fit. Do not retry.</summary>
    ModelRefused,

    /// <summary>A file of the package does not match its digest.</summary>
    CorruptPackage,

    /// <summary>A queue is full, or a device has no memory left. Retry later.</summary>
    Overloaded,

    /// <summary>The caller's deadline passed before the work was done.</summary>
    DeadlineExceeded,

    /// <summary>An earlier request of its sequence was cancelled while both waited. Begin the sequence again.</summary>
    Cancelled,

    /// <summary>The model failed on this input.</summary>
    BackendFailed,

    /// <summary>A feature that the definitions declare required has neither value nor default, in every row.</summary>
    RequiredFeatureMissing,

    /// <summary>This server does not do it, as it is set up; the message names the setting.</summary>
    Unsupported,

    /// <summary>No log holds this prediction.</summary>
    PredictionNotFound,

    /// <summary>The prediction was of an entity that has been erased.</summary>
    PredictionErased,
}
