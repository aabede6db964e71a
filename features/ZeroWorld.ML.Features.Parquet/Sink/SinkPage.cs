using System.Buffers;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The page that is being made: its bytes, and what is needed on the way. All memory is kept from one page to the next. Not thread safe.</summary>
internal sealed class SinkPage
{
    private const int EmptyList = 1;
    private const int NullElement = 2;
    private int[] _definitions = [];
    private int[] _repetitions = [];

    public ArrayBufferWriter<byte> Bytes { get; } = new();

    /// <summary>Of the column, where <see cref="HasDictionary"/>.</summary>
    public TextDictionary Texts { get; } = new();

    /// <summary>Whether texts are written as their numbers in <see cref="Texts"/>.</summary>
    public bool HasDictionary { get; set; }

    /// <summary>Levels of rows with a value or none.</summary>
    public void WriteLevels<T>(ReadOnlySpan<T> rows, Func<T, bool> isThere)
    {
        Reserve(rows.Length);
        for (var row = 0; row < rows.Length; row++)
        {
            _definitions[row] = isThere(rows[row]) ? 1 : 0;
        }

        ParquetEncoding.WriteLevels(Bytes, _definitions.AsSpan(0, rows.Length), 1);
    }

    /// <summary>Levels of rows with a list or none.</summary>
    /// <param name="lengths">One per row; -1: none.</param>
    /// <param name="areNull">One per element of the lists; empty: all are there.</param>
    /// <returns>How many there are.</returns>
    public int WriteListLevels(in SinkLeaf leaf, ReadOnlySpan<int> lengths, ReadOnlySpan<bool> areNull)
    {
        var levels = 0;
        foreach (var length in lengths)
        {
            levels += Math.Max(1, length);
        }

        Reserve(levels);
        var (at, element) = (0, 0);
        foreach (var length in lengths)
        {
            if (length <= 0)
            {
                (_definitions[at], _repetitions[at]) = (length < 0 ? 0 : EmptyList, 0);
                at++;
                continue;
            }

            var definitions = _definitions.AsSpan(at, length);
            definitions.Fill(leaf.Present);
            if (!areNull.IsEmpty)
            {
                for (var index = 0; index < length; index++)
                {
                    definitions[index] = areNull[element + index] ? NullElement : leaf.Present;
                }
            }

            _repetitions[at] = 0;
            _repetitions.AsSpan(at + 1, length - 1).Fill(1);
            element += length;
            at += length;
        }

        ParquetEncoding.WriteLevels(Bytes, _repetitions.AsSpan(0, levels), 1);
        ParquetEncoding.WriteLevels(Bytes, _definitions.AsSpan(0, levels), leaf.DefinitionWidth);
        return levels;
    }

    /// <summary>Texts that are there.</summary>
    /// <param name="first">Of those of the column that are there, the number of the first of these.</param>
    /// <returns>The number of the first after these.</returns>
    public int WriteTexts(ReadOnlySpan<string?> texts, int first)
    {
        var count = 0;
        foreach (var text in texts)
        {
            if (text is null)
            {
                continue;
            }

            count++;
            if (!HasDictionary)
            {
                ParquetEncoding.WriteText(Bytes, text);
            }
        }

        if (HasDictionary)
        {
            Bytes.Write([(byte)Texts.Width]);
            ParquetEncoding.WritePacked(Bytes, Texts.Elements.Slice(first, count), Texts.Width);
        }

        return first + count;
    }

    private void Reserve(int levels)
    {
        if (_definitions.Length < levels)
        {
            _definitions = new int[Math.Max(levels, 2 * _definitions.Length)];
            _repetitions = new int[_definitions.Length];
        }
    }
}
