using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>Where Redis streams are, and how they are read.</summary>
public sealed class RedisStreamOptions : IValidatableObject
{
    public const string Section = "Streams:Redis";

    /// <summary>Addresses and settings as StackExchange.Redis writes them: <c>HOST:PORT,HOST:PORT,password=...,ssl=true</c>.</summary>
    /// <value>Default: the Redis of the online store.</value>
    public string? Configuration { get; set; }

    /// <summary>The name of this process in consumer groups. Under the same name it finds again, at once, what it left undone.</summary>
    /// <value>Default: the name of the machine; of further processes on it, with a number behind it.</value>
    public string? Member { get; set; }

    /// <summary>Pause between two looks at a stream that has nothing new.</summary>
    /// <value>Default 20 ms; 1 ms to 10 s.</value>
    public TimeSpan PollPause { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often entries are looked for that other members left undone.</summary>
    /// <value>Default 30 s; 100 ms to 1 day.</value>
    public TimeSpan ClaimInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an entry lies with a member before others take it: longer than the archive's interval, else living members do double work.</summary>
    /// <value>Default 2 minutes; 100 ms to 1 day.</value>
    public TimeSpan ClaimIdle { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Dead letters that are kept, about; the oldest go.</summary>
    /// <value>Default 100,000.</value>
    [Range(1, 100_000_000)]
    public int DeadLettersMax { get; set; } = 100_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, TimeSpan Value, TimeSpan Min, TimeSpan Max)[] spans =
        [
            (nameof(PollPause), PollPause, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)),
            (nameof(ClaimInterval), ClaimInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
            (nameof(ClaimIdle), ClaimIdle, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1)),
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
