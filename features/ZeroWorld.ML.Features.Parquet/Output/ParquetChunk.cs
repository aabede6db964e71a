using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A column of a row group, as the bytes of its pages. Not thread safe; its memory is kept from one row group to the next, what it needs on the way is everyone's.</summary>
/// <remarks>
/// A page per block, of version 1. Numbers that repeat go into a dictionary, other integers but times by their differences. Pages are packed by zstd where the first one shows that it pays.
/// </remarks>
internal sealed class ParquetChunk(ParquetColumn column, ParquetScratch scratch)
{
    private const int DataPage = 0;
    private const int DictionaryPage = 2;
    private const int Plain = 0;
    private const int Rle = 3;
    private const int DeltaBinaryPacked = 5;
    private const int RleDictionary = 8;
    private const int Uncompressed = 0;
    private const int Zstd = 6;

    // Packing is worth its time where a fifth goes.
    private const double PackedShareMax = 0.8;

    private readonly SortedSet<int> _encodings = [];
    private NumberRange _range;
    private bool? _isPacked;
    private long _nulls;
    private long _levelCount;
    private long _plainBytes;
    private long _dataStart;
    private bool _hasDictionary;

    public ParquetColumn Column => column;

    /// <summary>The pages, one behind the other.</summary>
    public ArrayBufferWriter<byte> Bytes { get; } = new();

    public void Encode(IReadOnlyList<IColumnBlock> blocks, int ordinal)
    {
        Clear();
        if (column.NumberBytes > 0)
        {
            EncodeNumbers(blocks, ordinal);
            return;
        }

        foreach (var block in blocks)
        {
            EncodeOther(block.Buffers[ordinal], block.Count);
        }
    }

    /// <summary>Where the pages lie and how they are to be read: ColumnChunk of parquet.thrift.</summary>
    /// <param name="start">Of the first page in the file.</param>
    public void WriteMetadata(ThriftWriter thrift, long start)
    {
        thrift.Begin();
        thrift.Write(2, start);
        thrift.Begin(3);
        thrift.Write(1, column.Type);
        thrift.Write(2, [.. _encodings]);
        thrift.Write(3, column.Path);
        thrift.Write(4, _isPacked == true ? Zstd : Uncompressed);
        thrift.Write(5, _levelCount);
        thrift.Write(6, _plainBytes);
        thrift.Write(7, (long)Bytes.WrittenCount);
        thrift.Write(9, start + _dataStart);
        if (_hasDictionary)
        {
            thrift.Write(11, start);
        }

        if (!column.IsList)
        {
            thrift.Begin(12);
            thrift.Write(3, _nulls);
            _range.Write(thrift, column);
            thrift.End();
        }

        thrift.End();
        thrift.End();
    }

    /// <summary>Bytes of all pages before they were packed.</summary>
    public long PlainBytes => _plainBytes;

    private void Clear()
    {
        Bytes.ResetWrittenCount();
        scratch.Page.ResetWrittenCount();
        scratch.Dictionary.Clear();
        _encodings.Clear();
        _encodings.Add(Rle);
        (_range, _isPacked, _hasDictionary) = (new NumberRange(), null, false);
        (_nulls, _levelCount, _plainBytes, _dataStart) = (0, 0, 0, 0);
    }

    private void EncodeNumbers(IReadOnlyList<IColumnBlock> blocks, int ordinal)
    {
        Span<int> ends = stackalloc int[blocks.Count];
        var rows = 0;
        for (var index = 0; index < blocks.Count; index++)
        {
            rows += blocks[index].Count;
        }

        ParquetScratch.Reserve(ref scratch.Values, rows);
        ParquetScratch.Reserve(ref scratch.Numbers, rows);
        var count = 0;
        for (var index = 0; index < blocks.Count; index++)
        {
            count += CopyPresent(blocks[index].Buffers[ordinal], blocks[index].Count, scratch.Values.AsSpan(count));
            ends[index] = count;
            _range.Take(ValuesOf(blocks, ordinal, ends, index), column.Kind);
        }

        _hasDictionary = TryNumber(blocks, ordinal, ends);
        for (var index = 0; index < blocks.Count; index++)
        {
            PageEncoding.WriteValidity(scratch.Page, blocks[index].Buffers[ordinal].Nulls.AsSpan(0, blocks[index].Count));
            var values = ValuesOf(blocks, ordinal, ends, index);
            var encoding = WriteValues(values, scratch.Numbers.AsSpan(ends[index] - values.Length, values.Length));
            if (index == 0 && _hasDictionary)
            {
                WriteDictionary();
            }

            WritePage(DataPage, blocks[index].Count, encoding);
        }
    }

    // Of a block without nulls they are where they were.
    private ReadOnlySpan<long> ValuesOf(IReadOnlyList<IColumnBlock> blocks, int ordinal, ReadOnlySpan<int> ends, int index)
    {
        var from = index == 0 ? 0 : ends[index - 1];
        return ends[index] - from == blocks[index].Count
            ? blocks[index].Buffers[ordinal].Bits.AsSpan(0, blocks[index].Count)
            : scratch.Values.AsSpan(from, ends[index] - from);
    }

    // Few distinct values in the first rows, and not too many in all.
    private bool TryNumber(IReadOnlyList<IColumnBlock> blocks, int ordinal, ReadOnlySpan<int> ends)
    {
        var done = 0;
        for (var index = 0; index < blocks.Count; index++)
        {
            var values = ValuesOf(blocks, ordinal, ends, index);
            var isFirst = done == 0;
            if (!scratch.Dictionary.TryNumber(values, scratch.Numbers.AsSpan(done)))
            {
                return false;
            }

            done += values.Length;
            if (isFirst && scratch.Dictionary.Count > (done / 2) + 1)
            {
                return false;
            }
        }

        return done > 0 && scratch.Dictionary.Count <= (done / 2) + 1;
    }

    private int WriteValues(ReadOnlySpan<long> values, ReadOnlySpan<int> numbers)
    {
        if (_hasDictionary)
        {
            scratch.Page.Write([(byte)scratch.Dictionary.Width]);
            PageEncoding.WritePacked(scratch.Page, numbers, scratch.Dictionary.Width);
            return RleDictionary;
        }

        // Parquet.Net (6.1) takes differences for integers alone, and every training set has a column of times.
        if (column.Kind == ColumnKind.Int64 && PageEncoding.TryWriteDeltas(scratch.Page, values))
        {
            return DeltaBinaryPacked;
        }

        WritePlain(scratch.Page, values);
        return Plain;
    }

    private void WritePlain(ArrayBufferWriter<byte> output, ReadOnlySpan<long> values)
    {
        if (column.NumberBytes == sizeof(long))
        {
            output.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        var narrow = MemoryMarshal.Cast<byte, int>(output.GetSpan(Math.Max(1, values.Length) * sizeof(int)));
        for (var index = 0; index < values.Length; index++)
        {
            narrow[index] = (int)values[index];
        }

        output.Advance(values.Length * sizeof(int));
    }

    // The dictionary goes first, but whether it is packed follows from the first page of numbers, which is made by now.
    private void WriteDictionary()
    {
        _isPacked = IsWorthPacking(scratch.Page.WrittenSpan);
        var first = scratch.Page.WrittenSpan.ToArray();
        scratch.Page.ResetWrittenCount();
        WritePlain(scratch.Page, scratch.Dictionary.Values);
        WritePage(DictionaryPage, scratch.Dictionary.Count, Plain);
        _dataStart = Bytes.WrittenCount;
        scratch.Page.Write(first);
    }

    private void EncodeOther(ColumnBuffer values, int rows)
    {
        var nulls = values.Nulls.AsSpan(0, rows);
        if (column.IsList)
        {
            var levels = WriteListLevels(values, rows);
            for (var row = 0; row < rows; row++)
            {
                scratch.Page.Write(nulls[row] ? default : values.BytesAt(row));
            }

            WritePage(DataPage, levels, Plain);
            return;
        }

        _nulls += nulls.Count(true);
        PageEncoding.WriteValidity(scratch.Page, nulls);
        if (column.Kind == ColumnKind.Bool)
        {
            var (flags, count) = (new bool[rows], 0);
            for (var row = 0; row < rows; row++)
            {
                flags[count] = values.Bits[row] != 0;
                count += nulls[row] ? 0 : 1;
            }

            PageEncoding.WriteBits(scratch.Page, flags.AsSpan(0, count), areSet: true);
        }
        else
        {
            for (var row = 0; row < rows; row++)
            {
                if (!nulls[row])
                {
                    var bytes = values.BytesAt(row);
                    BinaryPrimitives.WriteInt32LittleEndian(scratch.Page.GetSpan(sizeof(int)), bytes.Length);
                    scratch.Page.Advance(sizeof(int));
                    scratch.Page.Write(bytes);
                }
            }
        }

        WritePage(DataPage, rows, Plain);
    }

    // Levels after the Dremel paper (Melnik et al., 2010): no list 0, an empty one 1, an element 3; elements are never null.
    private int WriteListLevels(ColumnBuffer values, int rows)
    {
        const int Empty = 1;
        const int Element = 3;
        var count = 0;
        for (var row = 0; row < rows; row++)
        {
            count += values.Nulls[row] ? 1 : Math.Max(1, ListBytes.CountOf(column.Kind, values.BytesAt(row)));
        }

        ParquetScratch.Reserve(ref scratch.Levels, 2 * count);
        var repetitions = scratch.Levels.AsSpan(0, count);
        var definitions = scratch.Levels.AsSpan(count, count);
        var at = 0;
        for (var row = 0; row < rows; row++)
        {
            var length = values.Nulls[row] ? -1 : ListBytes.CountOf(column.Kind, values.BytesAt(row));
            repetitions[at] = 0;
            if (length <= 0)
            {
                definitions[at++] = length < 0 ? 0 : Empty;
                continue;
            }

            repetitions.Slice(at + 1, length - 1).Fill(1);
            definitions.Slice(at, length).Fill(Element);
            at += length;
        }

        PageEncoding.WriteLevels(scratch.Page, repetitions, 1);
        PageEncoding.WriteLevels(scratch.Page, definitions, 2);
        return count;
    }

    // Returns how many there are.
    private int CopyPresent(ColumnBuffer buffer, int rows, Span<long> values)
    {
        var missing = buffer.Nulls.AsSpan(0, rows).Count(true);
        _nulls += missing;
        return missing == 0 ? rows : buffer.CopyPresent(rows, values);
    }

    /// <summary>Writes the page with its header, and empties it.</summary>
    private void WritePage(int type, int values, int encoding)
    {
        var plain = scratch.Page.WrittenSpan;
        _isPacked ??= IsWorthPacking(plain);
        var bytes = _isPacked == true ? scratch.Pack(plain) : plain;
        var thrift = scratch.Thrift;
        thrift.Begin();
        thrift.Write(1, type);
        thrift.Write(2, plain.Length);
        thrift.Write(3, bytes.Length);
        thrift.Begin(type == DataPage ? 5 : 7);
        thrift.Write(1, values);
        thrift.Write(2, encoding);
        if (type == DataPage)
        {
            thrift.Write(3, Rle);
            thrift.Write(4, Rle);
            _levelCount += values;
        }

        thrift.End();
        thrift.End();
        _encodings.Add(encoding);
        Bytes.Write(scratch.Header.WrittenSpan);
        Bytes.Write(bytes);
        _plainBytes += scratch.Header.WrittenCount + plain.Length;
        scratch.Header.ResetWrittenCount();
        scratch.Page.ResetWrittenCount();
    }

    private bool IsWorthPacking(ReadOnlySpan<byte> bytes) => scratch.Pack(bytes).Length < PackedShareMax * bytes.Length;
}
