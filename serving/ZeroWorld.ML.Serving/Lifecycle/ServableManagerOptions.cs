using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving;

/// <summary>When the catalog is read and how many versions are held.</summary>
public sealed class ServableManagerOptions : IValidatableObject
{
    public const string Section = "Serving:Servables";

    /// <summary>How often the catalog is read.</summary>
    /// <value>Default 1 s; 10 ms to 1 h.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether a model is loaded by its first request, which waits for it, instead of when it is found. Once a version of it is in memory, versions that come to be served load by themselves.
    /// </summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool LoadOnRequest { get; set; }

    /// <summary>
    /// Whether the server is ready only while every model that is to be in memory is, of its old content or the new, and every ensemble fits its steps. Else it is once each was tried, and stays so:
    /// one broken model takes no others away from their callers.
    /// </summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool StrictReadiness { get; set; }

    /// <summary>Versions of one model, newer than its alias targets, that are loaded by themselves: the newest ones.</summary>
    /// <value>Default 2.</value>
    [Range(0, 64)]
    public int NewerVersionsMax { get; set; } = 2;

    /// <summary>Versions held, over all models, that no alias leads to: asked for by number, or led to before. The one that was used least recently goes first.</summary>
    /// <value>Default 8.</value>
    [Range(1, 1024)]
    public int UnaliasedVersionsMax { get; set; } = 8;

    /// <summary>Versions in memory at once, over all models. For one more, the one that was used least recently and is not pinned goes.</summary>
    /// <value>Default 4,096.</value>
    [Range(1, 1_000_000)]
    public int LoadedVersionsMax { get; set; } = 4096;

    /// <summary>Requests that may wait for one version to be loaded; further ones are refused with <see cref="ServingError.Overloaded"/>.</summary>
    /// <value>Default 1,024.</value>
    [Range(0, 1_000_000)]
    public int WaitingRequestsMax { get; set; } = 1024;

    /// <summary>How long after a failed load the next attempt is made; doubles with each failure up to <see cref="RetryDelayMax"/>.</summary>
    /// <value>Default 1 s.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <value>Default 1 min.</value>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Memory that a model is believed to take until it was loaded once and measured, as a multiple of the size of its files.</summary>
    /// <value>Default 2.</value>
    [Range(1.0, 100.0)]
    public double MemoryFactor { get; set; } = 2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{Section}:{nameof(PollInterval)} is {PollInterval}; expected 10 ms to 1 h.", [nameof(PollInterval)]);
        }

        if (RetryDelay <= TimeSpan.Zero || RetryDelayMax < RetryDelay)
        {
            yield return new ValidationResult(
                $"{Section}:{nameof(RetryDelay)} is {RetryDelay} and {nameof(RetryDelayMax)} {RetryDelayMax}; expected a positive delay, not above the greatest one.",
                [nameof(RetryDelay), nameof(RetryDelayMax)]);
        }
    }
}
