using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>What an append makes of a window block (docs/formats/online-row.md, "Append"). Stores that merge by a script of their own give the same bytes.</summary>
/// <remarks>Pure. However the same events arrive, in any order, grouping and repetition, the block ends the same.</remarks>
public static class WindowBlockMerge
{
    /// <summary>Drops events at or before <paramref name="trim"/> and the oldest beyond <paramref name="eventsMax"/>: what an entity without a block stores.</summary>
    /// <param name="field">The stored form of the view.</param>
    /// <param name="block">A sorted block.</param>
    /// <param name="trim">Microseconds since the epoch; <see cref="long.MinValue"/>: nothing is dropped.</param>
    /// <param name="eventsMax">1 or more.</param>
    /// <returns>The same memory when nothing changes.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a block of this field.</exception>
    public static ReadOnlyMemory<byte> Prepare(StorageField field, ReadOnlyMemory<byte> block, long trim, int eventsMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(eventsMax, 1);
        var rowWidth = WindowBlockCodec.RowWidth(field);
        var rows = RowsOf(field, block.Span, rowWidth, out var coveredFrom);
        var from = Math.Max(coveredFrom, trim);
        var first = FirstKept(rows, rowWidth, eventsMax, ref from);
        if (first == 0 && from == coveredFrom)
        {
            return block;
        }

        var kept = rows[(first * rowWidth)..];
        var result = new byte[WindowBlockCodec.HeaderLength + kept.Length];
        WindowBlockCodec.WriteHeader(result, field, rowWidth, kept.Length / rowWidth, from);
        kept.CopyTo(result.AsSpan(WindowBlockCodec.HeaderLength));
        return result;
    }

    /// <summary>The block without the events at or before a time; what it covers stays: the events did not come too late, they are gone.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a block of this field.</exception>
    public static byte[] Forget(StorageField field, ReadOnlySpan<byte> block, long until)
    {
        var rowWidth = WindowBlockCodec.RowWidth(field);
        var rows = RowsOf(field, block, rowWidth, out var coveredFrom);
        while (!rows.IsEmpty && BinaryPrimitives.ReadInt64LittleEndian(rows) <= until)
        {
            rows = rows[rowWidth..];
        }

        var result = new byte[WindowBlockCodec.HeaderLength + rows.Length];
        WindowBlockCodec.WriteHeader(result, field, rowWidth, rows.Length / rowWidth, coveredFrom);
        rows.CopyTo(result.AsSpan(WindowBlockCodec.HeaderLength));
        return result;
    }

    /// <summary>Merges new events into a stored block.</summary>
    /// <param name="field">The stored form of the view.</param>
    /// <param name="existing">The stored block; empty when there is none.</param>
    /// <param name="added">The new events: sorted, without repeated ids.</param>
    /// <param name="trim">Events at or before this event time (microseconds) are dropped; <see cref="long.MinValue"/>: none.</param>
    /// <param name="eventsMax">Events kept, 1 or more.</param>
    /// <param name="wholeUntil">
    /// The new events are all that the history has of the entity, as it arrived until this time: a block that was trimmed at or before it takes those from before its trim. <see langword="null"/>: they are some.
    /// </param>
    /// <returns>The block to store.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not blocks of this field.</exception>
    public static byte[] Merge(StorageField field, ReadOnlySpan<byte> existing, ReadOnlySpan<byte> added, long trim, int eventsMax, long? wholeUntil = null)
    {
        var prepared = Prepare(field, added.ToArray(), trim, eventsMax).Span;
        if (existing.IsEmpty)
        {
            return prepared.ToArray();
        }

        var rowWidth = WindowBlockCodec.RowWidth(field);
        var oldRows = RowsOf(field, existing, rowWidth, out var coveredFrom);
        var newRows = RowsOf(field, prepared, rowWidth, out var newCoveredFrom);
        coveredFrom = coveredFrom <= wholeUntil ? newCoveredFrom : Math.Max(coveredFrom, newCoveredFrom);
        var ids = new HashSet<UInt128>(oldRows.Length / rowWidth);
        for (var row = oldRows; !row.IsEmpty; row = row[rowWidth..])
        {
            ids.Add(IdOf(field, row));
        }

        var merged = new byte[WindowBlockCodec.HeaderLength + oldRows.Length + newRows.Length];
        var length = WindowBlockCodec.HeaderLength;
        while (!newRows.IsEmpty)
        {
            if (ids.Contains(IdOf(field, newRows)))
            {
                newRows = newRows[rowWidth..];
            }
            else if (!oldRows.IsEmpty && WindowBlockBuilder.CompareRows(oldRows, newRows, field.EventIdWidth) < 0)
            {
                Take(ref oldRows, merged, ref length, rowWidth);
            }
            else
            {
                Take(ref newRows, merged, ref length, rowWidth);
            }
        }

        oldRows.CopyTo(merged.AsSpan(length));
        length += oldRows.Length;
        var rows = merged.AsSpan(WindowBlockCodec.HeaderLength, length - WindowBlockCodec.HeaderLength);
        var first = FirstKept(rows, rowWidth, eventsMax, ref coveredFrom);
        rows = rows[(first * rowWidth)..];
        var result = new byte[WindowBlockCodec.HeaderLength + rows.Length];
        WindowBlockCodec.WriteHeader(result, field, rowWidth, rows.Length / rowWidth, coveredFrom);
        rows.CopyTo(result.AsSpan(WindowBlockCodec.HeaderLength));
        return result;
    }

    /// <summary>Index of the first row that stays; raises <paramref name="coveredFrom"/> to the event time of the last one that the cap drops.</summary>
    private static int FirstKept(ReadOnlySpan<byte> rows, int rowWidth, int eventsMax, ref long coveredFrom)
    {
        var count = rows.Length / rowWidth;
        if (count > eventsMax)
        {
            coveredFrom = Math.Max(coveredFrom, BinaryPrimitives.ReadInt64LittleEndian(rows[((count - eventsMax - 1) * rowWidth)..]));
        }

        var first = 0;
        while (first < count && BinaryPrimitives.ReadInt64LittleEndian(rows[(first * rowWidth)..]) <= coveredFrom)
        {
            first++;
        }

        return first;
    }

    private static ReadOnlySpan<byte> RowsOf(StorageField field, ReadOnlySpan<byte> block, int rowWidth, out long coveredFrom) =>
        WindowBlockCodec.TryReadHeader(block, field.Fingerprint, rowWidth, out _, out coveredFrom)
            ? block[WindowBlockCodec.HeaderLength..]
            : throw new FeatureException(
                FeatureError.CorruptData,
                $"{block.Length} bytes are no window block of view '{field.View.Name}': expected version 1, rows of {rowWidth} bytes and fingerprint {field.Fingerprint:x8}.");

    private static UInt128 IdOf(StorageField field, ReadOnlySpan<byte> row)
    {
        var id = row.Slice(WindowBlockCodec.EventIdOffset, field.EventIdWidth);
        return id.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(id) : BinaryPrimitives.ReadUInt128LittleEndian(id);
    }

    private static void Take(ref ReadOnlySpan<byte> rows, Span<byte> target, ref int length, int rowWidth)
    {
        rows[..rowWidth].CopyTo(target[length..]);
        rows = rows[rowWidth..];
        length += rowWidth;
    }
}
