using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving;

/// <summary>Bounds of the prediction log.</summary>
public sealed class PredictionLogOptions : IValidatableObject
{
    public const string Section = "Serving:PredictionLog";

    /// <summary>Rows that may wait to be written; further ones are dropped and counted.</summary>
    /// <value>Default 65,536.</value>
    [Range(1, 1048576)]
    public int QueueRowsMax { get; set; } = 65536;

    /// <summary>Rows after which a file is written.</summary>
    /// <value>Default 16,384: what a file is made of is in memory twice, while it is filled and while it is written.</value>
    [Range(1, 1048576)]
    public int FileRowsMax { get; set; } = 16384;

    /// <summary>Age of the oldest row after which a file is written.</summary>
    /// <value>Default 10 s; 10 ms to 1 h.</value>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FlushInterval < TimeSpan.FromMilliseconds(10) || FlushInterval > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{Section}:{nameof(FlushInterval)} is {FlushInterval}; expected 10 ms to 1 h.", [nameof(FlushInterval)]);
        }
    }
}
