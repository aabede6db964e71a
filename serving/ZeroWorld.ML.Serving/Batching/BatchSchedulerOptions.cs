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

    /// <summary>Whether a request that finds a CPU model idle runs on the caller's thread instead of waking the loop of the scheduler.</summary>
    /// <value>Default true. It saves two thread switches. Turn it off for models that run long, since a caller's thread is blocked meanwhile.</value>
    public bool RunsInlineWhenIdle { get; set; } = true;

    /// <summary>These options with what the settings of one model say instead.</summary>
    internal BatchSchedulerOptions For(ModelSettings settings)
    {
        var options = (BatchSchedulerOptions)MemberwiseClone();
        options.BatchRowsMax = Math.Min(settings.BatchRowsMax ?? BatchRowsMax, BatchRowsMax);
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
    }
}
