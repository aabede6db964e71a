using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <content>Bytes of the block (docs/formats/online-row.md, "Hop block").</content>
internal sealed partial class HopBlock
{
    private HopBlock(StorageField field, in HopParts parts)
        : this(field)
    {
        (_lostUntil, _baseUntil, _newest) = (parts.LostUntil, parts.BaseUntil, parts.Newest);
        _events = parts.Events.ToArray();
        _ids.Read(parts.Ids, parts.IdsFrom);
        for (var level = 0; level < _froms.Length; level++)
        {
            _froms[level] = parts.FromOf(level);
        }

        for (var index = 0; index < parts.Directory.Length / HopBlockCodec.EntryLength; index++)
        {
            if (!parts.TryGetTile(index, out var entry, out var body) || entry.Level >= _froms.Length)
            {
                throw new FeatureException(FeatureError.CorruptData, $"Tile {index} of view '{field.View.Name}' cannot be read: its entry does not fit the tiles.");
            }

            _tiles[(entry.Level, entry.Start)] = new HopTile { Entry = entry, Body = body.ToArray() };
        }
    }

    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: not a hop block of this field.</exception>
    public static HopBlock Read(StorageField field, ReadOnlySpan<byte> block)
    {
        var levels = new HopLevels((WindowedView)field.View);
        return HopBlockCodec.TryParse(block, field.Fingerprint, levels.Sizes.Length, WindowBlockCodec.RowWidth(field), out var parts)
            ? new HopBlock(field, parts)
            : throw new FeatureException(
                FeatureError.CorruptData,
                $"{block.Length} bytes are no hop block of view '{field.View.Name}': expected version 1, {levels.Sizes.Length} tile sizes and fingerprint {field.Fingerprint:x8}.");
    }

    public byte[] ToBytes()
    {
        var writer = new TileWriter();
        var directory = new byte[_tiles.Count * HopBlockCodec.EntryLength];
        var at = 0;
        foreach (var (key, tile) in _tiles)
        {
            if (tile.Summary is { } summary)
            {
                summary.Write(writer);
            }
            else
            {
                writer.Write(tile.Body);
            }

            var entry = tile.Summary is { } changed
                ? new HopEntry((byte)key.Level, key.Start, changed.Newest, changed.Created, checked((int)changed.Rows), writer.Length)
                : tile.Entry with { End = writer.Length };
            entry.Write(directory.AsSpan(at));
            at += HopBlockCodec.EntryLength;
        }

        var froms = HopBlockCodec.HeaderLength + (_froms.Length * sizeof(long));
        var ids = _ids.ToBytes();
        var block = new byte[froms + directory.Length + writer.Length + ids.Length + _events.Length];
        block[0] = HopBlockCodec.Kind;
        block[1] = (byte)_froms.Length;
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), _tiles.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(8), _field.Fingerprint);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(12), writer.Length);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(16), _lostUntil);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(24), _baseUntil);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(32), _newest);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(40), _ids.From);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(48), ids.Length / HopBlockCodec.IdLength);
        for (var level = 0; level < _froms.Length; level++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(HopBlockCodec.HeaderLength + (level * sizeof(long))), _froms[level]);
        }

        directory.CopyTo(block, froms);
        writer.Written.CopyTo(block.AsSpan(froms + directory.Length));
        ids.CopyTo(block, froms + directory.Length + writer.Length);
        _events.CopyTo(block, block.Length - _events.Length);
        return block;
    }
}
