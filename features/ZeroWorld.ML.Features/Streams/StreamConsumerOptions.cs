using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features;

/// <summary>How streams are read.</summary>
public sealed class StreamConsumerOptions : IValidatableObject
{
    public const string Section = "Streams";

    /// <summary>Whether a server reads the streams of its definitions.</summary>
    /// <value>Default true. False where other processes do: <c>zwml stream run</c>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Events that are read and written together.</summary>
    /// <value>Default 2,000; 1 to 100,000.</value>
    [Range(1, 100_000)]
    public int BatchEventsMax { get; set; } = 2000;

    /// <summary>The longest wait of one read for an event.</summary>
    /// <value>Default 100 ms; 1 ms to 1 minute. How late an event of an idle stream is seen at most.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Pause after a store or a broker did not answer; it doubles up to thirty times this.</summary>
    /// <value>Default 200 ms; 10 ms to 1 minute.</value>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Accepted events that wait in memory for the next file of the archive; none of them is committed before.</summary>
    /// <value>Default 50,000.</value>
    [Range(1, 1_000_000)]
    public int ArchiveEventsMax { get; set; } = 50_000;

    /// <summary>How long accepted events wait for the next file of the archive.</summary>
    /// <value>Default 30 s; 100 ms to 1 hour.</value>
    public TimeSpan ArchiveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the lag is asked for.</summary>
    /// <value>Default 5 s; 100 ms to 1 hour.</value>
    public TimeSpan LagInterval { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, TimeSpan Value, TimeSpan Min, TimeSpan Max)[] spans =
        [
            (nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)),
            (nameof(RetryInterval), RetryInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1)),
            (nameof(ArchiveInterval), ArchiveInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            (nameof(LagInterval), LagInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
        ];
        foreach (var (name, value, min, max) in spans)
        {
            if (value < min || value > max)
            {
                yield return new ValidationResult($"{name} is {value}; expected {min} to {max}.", [name]);
            }
        }
    }
}
