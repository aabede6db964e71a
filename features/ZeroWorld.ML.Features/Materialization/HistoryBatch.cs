namespace ZeroWorld.ML.Features;

/// <summary>Bytes of some entities of one partition, ready to be written online.</summary>
/// <param name="Items">One per entity; may be empty at the end of a partition.</param>
/// <param name="Partition">0 to <see cref="MaterializationLedger.PartitionCount"/> - 1; partitions come in ascending order.</param>
/// <param name="IsLast">Whether nothing of the partition follows.</param>
public sealed record HistoryBatch<T>(IReadOnlyList<T> Items, int Partition, bool IsLast);
