using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Features;

/// <summary>A cache of online rows and blocks in this process, for entities that are read far more often than they change. Off by default.</summary>
public sealed class OnlineReadCacheOptions : IValidatableObject
{
    public const string Section = "Features:OnlineCache";

    /// <summary>Rows and blocks that are kept, those that are known to be absent included; the least recently used go first.</summary>
    /// <value>Default 0: there is no cache.</value>
    [Range(0, 100_000_000)]
    public int EntriesMax { get; set; }

    /// <summary>Bytes of rows and blocks that are kept.</summary>
    /// <value>Default 256 MiB. About 200 bytes per entry come on top.</value>
    [Range(1L, long.MaxValue)]
    public long BytesMax { get; set; } = 256L << 20;

    /// <summary>How old an entry may be: what another process writes is seen this much later at most. What this process writes or deletes is seen at once.</summary>
    /// <value>Default 1 s; 1 ms to 1 h.</value>
    public TimeSpan AgeMax { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a cache.</summary>
    public bool IsUsed => EntriesMax > 0;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AgeMax < TimeSpan.FromMilliseconds(1) || AgeMax > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{nameof(AgeMax)} is {AgeMax}; expected 1 ms to 1 h.", [nameof(AgeMax)]);
        }
    }
}
