namespace ZeroWorld.ML.Features;

/// <summary>Bytes of some entities, ready to be written online.</summary>
/// <param name="Items">One per entity; may be empty at the end of a partition.</param>
/// <param name="Partition">
/// 0 to <see cref="MaterializationLedger.PartitionCount"/> - 1, in ascending order; <see langword="null"/>: of any, ahead of the first partition. No entity is twice
/// among those, but it may come again with its partition.
/// </param>
/// <param name="IsLast">Whether nothing of the partition follows.</param>
public sealed record HistoryBatch<T>(IReadOnlyList<T> Items, int? Partition, bool IsLast)
{
    /// <value>Items whose entity was in an earlier batch.</value>
    public int Repeated { get; init; }

    /// <value>Where bytes of the items lie; whoever disposes it has no more use for them. <see langword="null"/>: each item has its own.</value>
    public IDisposable? Memory { get; init; }
}
