using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>What of a view is to be read, by what its ledger says and the files there are. Pure.</summary>
/// <param name="Groups">Partitions that are read together, and behind which moment of storing.</param>
/// <param name="Entry">What each of them is marked with when it is online.</param>
internal sealed record MaterializationPlan(IReadOnlyList<MaterializationGroup> Groups, LedgerPartition Entry)
{
    /// <param name="ledger">As it stands.</param>
    /// <param name="extent">The source.</param>
    /// <param name="arrivedUntil">What arrived later is left out.</param>
    /// <param name="trim">Events at or before this event time are left out.</param>
    public static MaterializationPlan Of(MaterializationLedger ledger, SourceExtent extent, MaterializationRequest request, long arrivedUntil, long trim)
    {
        var digest = DigestOf(extent.Files, request.Until);

        // A run that leaves out what arrived late has read no file to its end.
        var cursor = request.Until is null && extent.Files.Count > 0 ? extent.Files.Max(static file => file.Stored) : long.MinValue;
        var lateness = UnixMicroseconds.FromTimeSpan(request.Lateness);
        var groups = new SortedDictionary<long, List<int>>();
        for (var partition = request.Shard; partition < MaterializationLedger.PartitionCount; partition += request.Shards)
        {
            var known = ledger.Partitions.GetValueOrDefault(partition);
            if (known is not null && known.Files == digest && !request.IsFull && request.Since is null)
            {
                continue;
            }

            var after = known is null || request.IsFull || known.Cursor == long.MinValue ? long.MinValue : request.Since ?? (known.Cursor - lateness);
            if (!groups.TryGetValue(after, out var partitions))
            {
                groups.Add(after, partitions = []);
            }

            partitions.Add(partition);
        }

        return new MaterializationPlan(
            [.. groups.Select(static group => new MaterializationGroup(group.Key, group.Value))], new LedgerPartition(cursor, digest, arrivedUntil, trim));
    }

    private static string DigestOf(IReadOnlyList<SourceFile> files, long? until)
    {
        var text = new StringBuilder();
        foreach (var file in files.OrderBy(static file => file.Name, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"{file.Name}\n{file.Bytes} {file.Stored}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{until}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }
}

/// <param name="StoredAfter">Files stored later than this (microseconds) are read; <see cref="long.MinValue"/>: all.</param>
/// <param name="Partitions">Ascending.</param>
internal sealed record MaterializationGroup(long StoredAfter, IReadOnlyList<int> Partitions);
