using System.ComponentModel.DataAnnotations;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Limits of one servable's request queue and of the batches drawn from it.</summary>
public sealed class BatchSchedulerOptions : IValidatableObject
{
    public const string Section = "Serving:Batching";

    /// <summary>Rows of the largest batch that is sent to a model, and so of the largest request.</summary>
    /// <value>Default 4,096. Bounds device memory: activations grow linearly with it.</value>
    [Range(1, 65536)]
    public int BatchRowsMax { get; set; } = 4096;

    /// <summary>Rows that may wait; a request without rows counts as one. A request that does not fit is refused with <see cref="ServingError.Overloaded"/>.</summary>
    /// <value>Default 8,192. The longest wait is about this divided by the model's rows per second.</value>
    [Range(1, 1048576)]
    public int QueueRowsMax { get; set; } = 8192;

    /// <summary>Whether a request that finds a model idle, and no other request about to be read, runs on the caller's thread instead of waking the loop of the scheduler.</summary>
    /// <value>Default true. It saves two thread switches. Turn it off for models that run long, since a caller's thread is blocked meanwhile.</value>
    public bool RunsInlineWhenIdle { get; set; } = true;

    /// <summary>How long the oldest request of a batch may wait for others.</summary>
    /// <value>Default 0: a batch is whatever waits when an instance is free. At most 10 s.</value>
    public TimeSpan QueueDelay { get; set; }

    /// <summary>Sizes of batches to prefer, in rows, ascending: a batch of the largest that is just filled does not wait for the end of the delay.</summary>
    /// <value>Default none.</value>
    public int[] PreferredRows { get; set; } = [];

    /// <summary>What one level of priority is worth: a request stands in the queue as if it had come this much later per level below the first.</summary>
    /// <value>Default 100 ms: of ten levels, the last waits at most 900 ms longer than the first, however many of those there are. More than 0.</value>
    public TimeSpan PriorityStep { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Requests that must wait for a model before its first run: for tests of which requests share one.</summary>
    /// <value>Default 0: it runs as soon as it is asked. What Triton's own tests say by <c>TRITONSERVER_DELAY_SCHEDULER</c>.</value>
    [Range(0, 1 << 20)]
    public int HoldsUntilRequests { get; set; }

    /// <summary>How much waits for a thread of the pool: most of it is requests that are still to be read.</summary>
    internal Func<long> CountPending { get; set; } = static () => ThreadPool.PendingWorkItemCount;

    /// <summary>Levels of priority and limits of one model.</summary>
    internal QueueSettings Queue { get; set; } = QueueSettings.Default;

    /// <summary>Whether an instance runs beside another only when that makes no smaller batches of what could be one: where nobody asked for several.</summary>
    internal bool RunsBesideForFullBatches { get; set; }

    /// <summary>These options with what the settings of one model say instead.</summary>
    internal BatchSchedulerOptions For(ModelSettings settings)
    {
        var options = (BatchSchedulerOptions)MemberwiseClone();
        options.BatchRowsMax = Math.Min(settings.BatchRowsMax ?? BatchRowsMax, BatchRowsMax);
        options.QueueDelay = settings.QueueDelay ?? QueueDelay;
        options.PreferredRows = settings.PreferredRows.Count > 0 ? [.. settings.PreferredRows] : PreferredRows;
        options.Queue = settings.Queue;
        options.RunsBesideForFullBatches = settings.Instances is null;
        return options;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (QueueRowsMax < BatchRowsMax)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(QueueRowsMax)} ({QueueRowsMax}) must be at least {nameof(BatchRowsMax)} ({BatchRowsMax}), or no batch can fill.",
                [nameof(QueueRowsMax), nameof(BatchRowsMax)]);
        }

        if (QueueDelay < TimeSpan.Zero || QueueDelay > TimeSpan.FromSeconds(10))
        {
            yield return new ValidationResult($"{Section}:{nameof(QueueDelay)} is {QueueDelay}; expected 0 to 10 s.", [nameof(QueueDelay)]);
        }

        if (PriorityStep <= TimeSpan.Zero || PriorityStep > TimeSpan.FromMinutes(1))
        {
            yield return new ValidationResult($"{Section}:{nameof(PriorityStep)} is {PriorityStep}; expected more than 0, at most 1 minute.", [nameof(PriorityStep)]);
        }

        for (var index = 0; index < PreferredRows.Length; index++)
        {
            if (PreferredRows[index] <= (index == 0 ? 0 : PreferredRows[index - 1]) || PreferredRows[index] > BatchRowsMax)
            {
                yield return new ValidationResult(
                    $"{Section}:{nameof(PreferredRows)} holds {PreferredRows[index]}; expected ascending sizes from 1 to {nameof(BatchRowsMax)} ({BatchRowsMax}).", [nameof(PreferredRows)]);
            }
        }
    }
}
