namespace ZeroWorld.ML.Features;

/// <summary>What an append makes of a hop block (docs/formats/online-row.md, "Hop block").</summary>
/// <remarks>Pure: a store reads, merges here, and writes only if nothing was written meanwhile.</remarks>
public static class HopBlockMerge
{
    /// <param name="field">The stored form of a windowed view of precision <c>hop</c>.</param>
    /// <param name="existing">The stored block; empty when there is none.</param>
    /// <param name="added">A block of events, as a push brings it, or a hop block, as a materialization does.</param>
    /// <param name="trim">The newest event time less the view's retention (microseconds); <see cref="long.MinValue"/>: nothing is dropped.</param>
    /// <param name="forgotten">Events at or before this time were deleted and are not taken; <see cref="long.MinValue"/>: none were.</param>
    /// <returns>The block to store.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not blocks of this field.</exception>
    public static byte[] Merge(StorageField field, ReadOnlySpan<byte> existing, ReadOnlySpan<byte> added, long trim, long forgotten)
    {
        ArgumentNullException.ThrowIfNull(field);
        var block = existing.IsEmpty ? new HopBlock(field) : HopBlock.Read(field, existing);
        if (HopBlockCodec.IsHopBlock(added))
        {
            var history = HopBlock.Read(field, added);
            if (forgotten > long.MinValue)
            {
                history.Forget(forgotten);
            }

            block.AddHistory(history);
        }
        else
        {
            block.Add(forgotten > long.MinValue ? WindowBlockMerge.Forget(field, added, forgotten) : added);
        }

        block.Trim(trim);
        return block.ToBytes();
    }

    /// <summary>Makes the block of an entity's whole history.</summary>
    /// <param name="field">The stored form of a windowed view of precision <c>hop</c>.</param>
    /// <param name="events">All events, as <see cref="WindowBlockBuilder"/> writes them; taken over.</param>
    /// <param name="arrivedUntil">Every event that arrived until then (microseconds) is among them.</param>
    /// <param name="trim">The newest event time less the view's retention (microseconds); <see cref="long.MinValue"/>: everything is kept, for reads at any moment.</param>
    public static byte[] OfHistory(StorageField field, byte[] events, long arrivedUntil, long trim)
    {
        ArgumentNullException.ThrowIfNull(field);
        var block = HopBlock.OfHistory(field, events, arrivedUntil);
        if (trim > long.MinValue)
        {
            block.Trim(trim);
        }

        return block.ToBytes();
    }

    /// <summary>Events in the tiles of the size that reaches back farthest.</summary>
    public static int CountEvents(StorageField field, ReadOnlySpan<byte> block) => HopBlock.Read(field, block).CountEvents();

    /// <summary>The stored block with only the events that arrived after a time, and of them those that are held one by one.</summary>
    /// <returns>Empty when there are none. Where later ones were only in tiles, windows that reach them are not covered.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a block of this field.</exception>
    public static byte[] KeepArrivedAfter(StorageField field, ReadOnlySpan<byte> existing, long arrivedAfter)
    {
        var block = HopBlock.Read(field, existing);
        return block.KeepArrivedAfter(arrivedAfter) ? block.ToBytes() : [];
    }

    /// <summary>The stored block without the events at or before a time.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a block of this field.</exception>
    public static byte[] Forget(StorageField field, ReadOnlySpan<byte> existing, long until)
    {
        var block = HopBlock.Read(field, existing);
        block.Forget(until);
        return block.ToBytes();
    }
}
