using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving;

/// <summary>Limits of a prediction by entity.</summary>
public sealed class PredictionOptions : IValidatableObject
{
    public const string Section = "Serving:Prediction";

    /// <summary>Rows of one request.</summary>
    /// <value>Default 4,096.</value>
    [Range(1, 65536)]
    public int RowsMax { get; set; } = 4096;

    /// <summary>How long a request waits for its features; what has not arrived then is UNAVAILABLE.</summary>
    /// <value>Default 50 ms; 1 ms to 1 min.</value>
    public TimeSpan FeatureTimeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often the coverage of the views in use is read again.</summary>
    /// <value>Default 1 s; 10 ms to 1 h.</value>
    public TimeSpan CoverageInterval { get; set; } = TimeSpan.FromSeconds(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FeatureTimeout < TimeSpan.FromMilliseconds(1) || FeatureTimeout > TimeSpan.FromMinutes(1))
        {
            yield return new ValidationResult($"{Section}:{nameof(FeatureTimeout)} is {FeatureTimeout}; expected 1 ms to 1 min.", [nameof(FeatureTimeout)]);
        }

        if (CoverageInterval < TimeSpan.FromMilliseconds(10) || CoverageInterval > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{Section}:{nameof(CoverageInterval)} is {CoverageInterval}; expected 10 ms to 1 h.", [nameof(CoverageInterval)]);
        }
    }
}
