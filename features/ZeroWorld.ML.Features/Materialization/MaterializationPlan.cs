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
    /// <param name="retention">Of a windowed view: how far behind the newest event that is, microseconds.</param>
    /// <param name="now">The store's clock, microseconds.</param>
    public static MaterializationPlan Of(MaterializationLedger ledger, SourceExtent extent, MaterializationRequest request, long arrivedUntil, long trim, long? retention, long now)
    {
        var digest = DigestOf(extent.Files, request.Until);

        // A run that leaves out what arrived late has read no file to its end. A file of a clock that is ahead is read again until its time has come: those that come
        // before that must not lie behind the cursor.
        var cursor = request.Until is null && extent.Files.Count > 0 ? Math.Min(extent.Files.Max(static file => file.Stored), now) : long.MinValue;
        var lateness = UnixMicroseconds.FromTimeSpan(request.Lateness);
        var behind = new Dictionary<long, string>();
        var groups = new SortedDictionary<long, List<int>>();
        for (var partition = request.Shard; partition < MaterializationLedger.PartitionCount; partition += request.Shards)
        {
            var known = ledger.Partitions.GetValueOrDefault(partition);

            // A window that is longer now reaches events that were left out.
            var isShort = known is not null && (known.Trim > trim || known.Retention < retention);
            if (known is not null && !isShort && known.Files == digest && !request.IsFull && request.Since is null)
            {
                continue;
            }

            var after = known is null || isShort || request.IsFull || known.Cursor == long.MinValue || known.Behind != BehindOf(known.Cursor - lateness)
                ? long.MinValue
                : Math.Min(known.Cursor - lateness, request.Since ?? long.MaxValue);
            if (!groups.TryGetValue(after, out var partitions))
            {
                groups.Add(after, partitions = []);
            }

            partitions.Add(partition);
        }

        return new MaterializationPlan(
            [.. groups.Select(static group => new MaterializationGroup(group.Key, group.Value))],
            new LedgerPartition(cursor, digest, arrivedUntil, trim) { Behind = cursor == long.MinValue ? null : BehindOf(cursor - lateness), Retention = retention });

        // Of the files that the next run does not look for: one more among them came under a clock that is behind, and all are read. An erasure changes their lengths alone.
        string BehindOf(long stored)
        {
            if (!behind.TryGetValue(stored, out var known))
            {
                behind.Add(stored, known = DigestOf(extent.Files.Where(file => file.Stored <= stored).Select(static file => $"{file.Name}\n{file.Stored}\n"), ""));
            }

            return known;
        }
    }

    private static string DigestOf(IReadOnlyList<SourceFile> files, long? until) =>
        DigestOf(files.Select(static file => $"{file.Name}\n{file.Bytes} {file.Stored}\n"), $"{until}");

    private static string DigestOf(IEnumerable<string> files, string end)
    {
        var text = new StringBuilder();
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            text.Append(file);
        }

        text.Append(end);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }
}

/// <param name="StoredAfter">Files stored later than this (microseconds) are read; <see cref="long.MinValue"/>: all.</param>
/// <param name="Partitions">Ascending.</param>
internal sealed record MaterializationGroup(long StoredAfter, IReadOnlyList<int> Partitions);
