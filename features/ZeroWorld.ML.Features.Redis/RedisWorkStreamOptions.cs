namespace ZeroWorld.ML.Features.Redis;

/// <summary>A Redis stream with a consumer group.</summary>
public sealed record RedisWorkStreamOptions
{
    /// <value>As StackExchange.Redis reads it: <c>host:port,host:port,password=...</c>.</value>
    public required string Configuration { get; init; }

    /// <value>Key of the input stream. Its entries have the field <c>body</c>.</value>
    public required string Stream { get; init; }

    public required string Group { get; init; }

    /// <value>Name of this worker; one of its own per process.</value>
    public required string Consumer { get; init; }

    /// <value>After so long without being finished an entry is another worker's. Default one minute: longer than a batch takes.</value>
    public TimeSpan AbandonedAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <value>How long a key counts as finished. Default one day.</value>
    public TimeSpan KeyLifetime { get; init; } = TimeSpan.FromDays(1);
}
