namespace ZeroWorld.ML.Serving;

/// <summary>What a loaded model version has done since its load.</summary>
/// <remarks>Read while requests go on: sums of one moment, each by itself exact.</remarks>
public sealed record StatisticsSnapshot
{
    /// <value><see langword="null"/>: never.</value>
    public required DateTimeOffset? LastInferenceTime { get; init; }

    /// <summary>Rows of the requests that succeeded.</summary>
    public required long Rows { get; init; }

    /// <summary>Runs of the model.</summary>
    public required long Runs { get; init; }

    /// <summary>Requests that were answered, and the whole time of each.</summary>
    public required DurationSum Success { get; init; }

    /// <summary>Requests that reached the version and were not answered, whatever the reason, and the whole time of each.</summary>
    public required DurationSum Failure { get; init; }

    /// <summary>The failures by <see cref="RefusalReason"/>, in its order.</summary>
    public required IReadOnlyList<long> Refusals { get; init; }

    /// <summary>Answered requests with tensors by stage, and whole.</summary>
    public required IReadOnlyList<StageHistogram> Inferences { get; init; }

    /// <summary>Answered predictions by entity by stage, and whole; empty when there was none.</summary>
    public required IReadOnlyList<StageHistogram> Predictions { get; init; }

    /// <summary>Answered recommendations by stage, and whole; empty when there was none.</summary>
    public IReadOnlyList<StageHistogram> Recommendations { get; init; } = [];

    /// <summary>Answered requests that had an answer kept of an equal one, and the looking for it. They are in none of the four below.</summary>
    public DurationSum CacheHit { get; init; }

    /// <summary>Answered requests of a version whose answers are kept that had none, and the looking for it and keeping of theirs.</summary>
    public DurationSum CacheMiss { get; init; }

    /// <summary>Waiting for the model. Of requests that succeeded, as are the three below.</summary>
    public required DurationSum Queue { get; init; }

    /// <summary>Joining the inputs of their runs.</summary>
    public required DurationSum Input { get; init; }

    /// <summary>The model.</summary>
    public required DurationSum Infer { get; init; }

    /// <summary>Parting the outputs of their runs.</summary>
    public required DurationSum Output { get; init; }

    /// <summary>By rows in a run, ascending.</summary>
    public required IReadOnlyList<RunSizeStatistics> Sizes { get; init; }
}

/// <param name="Count">How many.</param>
/// <param name="Nanoseconds">Their time together.</param>
public readonly record struct DurationSum(long Count, long Nanoseconds);

/// <summary>Runs of one size.</summary>
/// <param name="Rows">Rows in the run.</param>
/// <param name="Runs">How many there were.</param>
/// <param name="InputNanoseconds">Joining inputs, all of them together; likewise the other two.</param>
public readonly record struct RunSizeStatistics(int Rows, long Runs, long InputNanoseconds, long InferNanoseconds, long OutputNanoseconds);
