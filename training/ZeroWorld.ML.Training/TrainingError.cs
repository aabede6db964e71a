namespace ZeroWorld.ML.Training;

/// <summary>Everything that can go wrong in training, as its callers need to tell it apart.</summary>
public enum TrainingError
{
    /// <summary>A setting or an argument is wrong.</summary>
    InvalidInput,

    /// <summary>The rows cannot train or test a model: too few days, one class only, a value that is no number. The message says what was found and what is needed.</summary>
    UnsuitableData,

    /// <summary>The exported model does not score as its trainer does.</summary>
    ParityBroken,

    /// <summary>The state of a fit cannot be kept: the disk is full, or a file may not be written.</summary>
    CheckpointFailed,
}
