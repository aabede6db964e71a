namespace ZeroWorld.ML.Serving;

/// <summary>Stages of a request, in their order. Together they are the whole request.</summary>
public enum RequestStage
{
    /// <summary>From the message to tensors or columns that were checked against the model.</summary>
    Decode,

    /// <summary>Reading features and making the model's rows. Not of requests with tensors.</summary>
    Features,

    /// <summary>Waiting for the model.</summary>
    Queue,

    /// <summary>Joining the inputs of the run. Each request of a run has the whole of it, as of the next two.</summary>
    Input,

    /// <summary>The model.</summary>
    Infer,

    /// <summary>Parting the outputs of the run.</summary>
    Output,

    /// <summary>From outputs to the message.</summary>
    Encode,

    /// <summary>What lies between: finding the model, changes of threads, the prediction log.</summary>
    Other,
}
