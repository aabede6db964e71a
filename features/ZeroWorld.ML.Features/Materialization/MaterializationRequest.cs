namespace ZeroWorld.ML.Features;

/// <summary>What a run of the <see cref="Materializer"/> is to bring.</summary>
public sealed record MaterializationRequest
{
    /// <value>The stored forms of the views.</value>
    public required IReadOnlyList<StorageField> Fields { get; init; }

    /// <value>What arrived later (microseconds since the epoch) is left out; <see langword="null"/>: nothing is.</value>
    public long? Until { get; init; }

    /// <value>Read again what was stored after this moment (microseconds since the epoch), done or not; <see langword="null"/>: the ledger says what is new.</value>
    public long? Since { get; init; }

    /// <value>Whether everything is read again, whatever the ledger says.</value>
    public bool IsFull { get; init; }

    /// <value>Which part of the entities, of <see cref="Shards"/> parts; from 0.</value>
    public int Shard { get; init; }

    /// <value>Parts that runs side by side share the work in: 1 (the default) to <see cref="MaterializationLedger.PartitionCount"/>.</value>
    public int Shards { get; init; } = 1;

    /// <value>How far behind the cursor files are looked for that came late: written by a slower machine, or under a clock that is behind. Default 10 minutes.</value>
    public TimeSpan Lateness { get; init; } = TimeSpan.FromMinutes(10);

    /// <value>For how long a writer that does not move keeps its turn. Default 20 s.</value>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(20);

    /// <value>Who runs it, for whoever finds that another one took its place. Default: the host's name and the process's number.</value>
    public string Writer { get; init; } = $"{Environment.MachineName}, process {Environment.ProcessId}";

    /// <value>Partitions that have ended are marked in the ledger when they hold so many entities, and at the end: a mark is two round trips. 0: each by itself. Default 10,000.</value>
    public int EntitiesPerMark { get; init; } = 10_000;

    /// <value>Receives rows and events acknowledged so far, over all views.</value>
    public IProgress<long>? Progress { get; init; }

    /// <value>Receives the share of the work that is done, 0 to 1: partitions of all views.</value>
    public IProgress<double>? Share { get; init; }
}
