using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features;

/// <summary>Limits of the reads of one online store.</summary>
public sealed class OnlineReadCoalescerOptions : IValidatableObject
{
    public const string Section = "Features:OnlineReads";

    /// <summary>Multi-gets that may be unanswered before new reads are held back to collect for the next one.</summary>
    /// <value>Default 1: each waits for as many calls as come during a round trip, and what is done once per multi-get is shared by more of them.</value>
    [Range(1, 64)]
    public int MultiGetsInFlight { get; set; } = 1;

    /// <summary>The longest that a read is held back to collect, apart from its turn in the thread pool. A multi-get older than this (a slow shard) does not hold others back.</summary>
    /// <value>Default 2 ms, about the slowest round trip that is still ordinary.</value>
    public TimeSpan CollectTimeMax { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Multi-gets that may be unanswered in all, slow ones included.</summary>
    /// <value>Default 1,024: at this limit everybody waits, and a shard that is late by 50 ms keeps several hundred unanswered where one is sent every 100 us.</value>
    [Range(1, 4096)]
    public int MultiGetsUnansweredMax { get; set; } = 1024;

    /// <summary>Reads in one multi-get.</summary>
    /// <value>Default 256.</value>
    [Range(1, 65536)]
    public int ReadsPerMultiGetMax { get; set; } = 256;

    /// <summary>Reads that all callers together may wait for. A call that would pass it is refused.</summary>
    /// <value>Default 16,384.</value>
    [Range(1, 1_048_576)]
    public int WaitingReadsMax { get; set; } = 16_384;

    /// <summary>Multi-gets, one after the other, for which the store was silent until its time was over, that open the circuit.</summary>
    /// <value>Default 3. What fails at once does not count, nor what a single shard of a cluster leaves without an answer: requests for it must not fail those for the others.</value>
    [Range(1, 1000)]
    public int FailuresToOpen { get; set; } = 3;

    /// <summary>How long reads fail at once before one call is let through to probe the store.</summary>
    /// <value>Default 250 ms.</value>
    public TimeSpan OpenDuration { get; set; } = TimeSpan.FromMilliseconds(250);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MultiGetsUnansweredMax < MultiGetsInFlight)
        {
            yield return new ValidationResult(
                $"{nameof(MultiGetsUnansweredMax)} ({MultiGetsUnansweredMax}) must be at least {nameof(MultiGetsInFlight)} ({MultiGetsInFlight}).",
                [nameof(MultiGetsUnansweredMax), nameof(MultiGetsInFlight)]);
        }

        (string Name, TimeSpan Value)[] spans = [(nameof(CollectTimeMax), CollectTimeMax), (nameof(OpenDuration), OpenDuration)];
        foreach (var (name, value) in spans)
        {
            if (value < TimeSpan.Zero || value > TimeSpan.FromMinutes(1))
            {
                yield return new ValidationResult($"{name} is {value}; expected 0 to 1 minute.", [name]);
            }
        }
    }
}
