using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One column of a file, written page by page, each of the next rows.</summary>
internal abstract class SinkField(SinkColumn column, SinkLeaf leaf)
{
    public string Name { get; } = column.Name;

    public int Rows { get; } = column.Rows;

    public SinkLeaf Leaf { get; } = leaf;

    /// <exception cref="ArgumentException">The type of the values is none that a sink writes, or there are fewer than the column says.</exception>
    public static SinkField Create(SinkColumn column)
    {
        if (column.Rows < 0 || column.Rows > column.Values.Length)
        {
            throw new ArgumentException($"Column '{column.Name}' has {column.Values.Length} values; expected at least {column.Rows}, one per row.");
        }

        return column is SinkLists lists ? CreateLists(lists) : column.Values switch
        {
            int[] values => new Numbers<int>(column, values),
            long[] values => new Numbers<long>(column, values),
            string?[] values => new Texts(column, values),
            _ => throw new ArgumentException($"Column '{column.Name}' is {column.Values.GetType().Name}; expected one of the types that a sink column may have."),
        };
    }

    /// <summary>Of the values that are written; <see langword="null"/>: it is not known.</summary>
    public virtual ValueRange? Range => null;

    /// <summary>Whether its texts are few, and the page has taken each once.</summary>
    public virtual bool TryFillDictionary(TextDictionary dictionary) => false;

    /// <summary>Writes the next rows.</summary>
    /// <returns>How many values those are, nulls and empty lists among them.</returns>
    public abstract int WritePage(SinkPage page, int rows);

    private static SinkField CreateLists(SinkLists column)
    {
        var total = 0;
        foreach (var length in column.Lengths.AsSpan(0, column.Rows))
        {
            total += Math.Max(0, length);
        }

        if (total > column.Elements.Length || (column.AreNull is { } areNull && areNull.Length < total))
        {
            throw new ArgumentException($"Column '{column.Name}' has {column.Elements.Length} elements; expected {total}, as many as its rows have.");
        }

        return column.Elements switch
        {
            double[] elements => new NumberLists<double>(column, elements),
            long[] elements => new NumberLists<long>(column, elements),
            int[] elements => new NumberLists<int>(column, elements),
            bool[] elements => new NumberLists<bool>(column, elements),
            string?[] elements => new TextLists(column, elements, total),
            byte[] elements => new Slices<byte>(column, elements),
            char[] elements => new Slices<char>(column, elements),
            _ => throw new ArgumentException($"Column '{column.Name}' has {column.Elements.GetType().Name} elements; expected one of the types that flat columns may have."),
        };
    }

    private sealed class Numbers<T>(SinkColumn column, T[] values) : SinkField(column, SinkLeaf.Of<T>(isList: false))
        where T : unmanaged, IComparable<T>
    {
        private T _least;
        private T _greatest;
        private int _next;

        public override ValueRange? Range => Rows == 0 ? null : new(ToBytes(_least), ToBytes(_greatest));

        public override int WritePage(SinkPage page, int rows)
        {
            var written = values.AsSpan(_next, rows);
            ParquetEncoding.WriteNumbers<T>(page.Bytes, written, []);
            if (_next == 0 && rows > 0)
            {
                (_least, _greatest) = (written[0], written[0]);
            }

            foreach (var value in written)
            {
                _least = value.CompareTo(_least) < 0 ? value : _least;
                _greatest = value.CompareTo(_greatest) > 0 ? value : _greatest;
            }

            _next += rows;
            return rows;
        }

        private static byte[] ToBytes(T value) => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
    }

    private sealed class Texts(SinkColumn column, string?[] values) : SinkField(column, SinkLeaf.Of<string>(isList: false))
    {
        private ValueRange? _range;
        private int _next;
        private int _nextThere;

        public override ValueRange? Range => _range;

        public override bool TryFillDictionary(TextDictionary dictionary)
        {
            var isFilled = dictionary.TryTake(values.AsSpan(0, Rows));
            _range = isFilled ? dictionary.FindRange() : null;
            return isFilled;
        }

        public override int WritePage(SinkPage page, int rows)
        {
            var texts = values.AsSpan(_next, rows);
            page.WriteLevels<string?>(texts, static text => text is not null);
            _nextThere = page.WriteTexts(texts, _nextThere);
            _next += rows;
            return rows;
        }
    }

    /// <summary>A column whose rows have several elements each, in one array.</summary>
    private abstract class Flat(SinkLists column, SinkLeaf leaf) : SinkField(column, leaf)
    {
        private readonly int[] _lengths = column.Lengths;
        private int _nextRow;
        private int _nextElement;

        public override int WritePage(SinkPage page, int rows)
        {
            var lengths = _lengths.AsSpan(_nextRow, rows);
            var count = 0;
            foreach (var length in lengths)
            {
                count += Math.Max(0, length);
            }

            var levels = Write(page, lengths, _nextElement, count);
            _nextRow += rows;
            _nextElement += count;
            return levels;
        }

        protected abstract int Write(SinkPage page, ReadOnlySpan<int> lengths, int start, int count);
    }

    private sealed class NumberLists<T>(SinkLists column, T[] elements) : Flat(column, SinkLeaf.Of<T>(isList: true))
        where T : unmanaged
    {
        private readonly bool[]? _areNull = column.AreNull;

        protected override int Write(SinkPage page, ReadOnlySpan<int> lengths, int start, int count)
        {
            var areNull = _areNull is null ? [] : _areNull.AsSpan(start, count);
            var levels = page.WriteListLevels(Leaf, lengths, areNull);
            if (elements is bool[] flags)
            {
                ParquetEncoding.WriteFlags(page.Bytes, flags.AsSpan(start, count));
            }
            else
            {
                ParquetEncoding.WriteNumbers<T>(page.Bytes, elements.AsSpan(start, count), areNull);
            }

            return levels;
        }
    }

    private sealed class TextLists(SinkLists column, string?[] elements, int total) : Flat(column, SinkLeaf.Of<string>(isList: true))
    {
        private bool[] _areNull = [];
        private int _nextThere;

        public override bool TryFillDictionary(TextDictionary dictionary) => dictionary.TryTake(elements.AsSpan(0, total));

        protected override int Write(SinkPage page, ReadOnlySpan<int> lengths, int start, int count)
        {
            var texts = elements.AsSpan(start, count);
            var levels = page.WriteListLevels(Leaf, lengths, FindNulls(texts));
            _nextThere = page.WriteTexts(texts, _nextThere);
            return levels;
        }

        /// <returns>Empty where there are none.</returns>
        private ReadOnlySpan<bool> FindNulls(ReadOnlySpan<string?> texts)
        {
            if (!texts.Contains(null))
            {
                return [];
            }

            _areNull = _areNull.Length < texts.Length ? new bool[texts.Length] : _areNull;
            for (var index = 0; index < texts.Length; index++)
            {
                _areNull[index] = texts[index] is null;
            }

            return _areNull.AsSpan(0, texts.Length);
        }
    }

    /// <summary>Bytes, or a text, per row.</summary>
    private sealed class Slices<T>(SinkLists column, T[] elements)
        : Flat(column, new SinkLeaf(SinkLeaf.ByteArray, IsText: typeof(T) == typeof(char), IsList: false, IsNullable: true))
    {
        private readonly TextRange _range = new();

        public override ValueRange? Range => _range.Values;

        protected override int Write(SinkPage page, ReadOnlySpan<int> lengths, int start, int count)
        {
            page.WriteLevels(lengths, static length => length >= 0);
            foreach (var length in lengths)
            {
                if (length < 0)
                {
                    continue;
                }

                if (elements is char[] texts)
                {
                    var before = page.Bytes.WrittenCount + sizeof(int);
                    ParquetEncoding.WriteText(page.Bytes, texts.AsSpan(start, length));
                    _range.Add(page.Bytes.WrittenSpan[before..]);
                }
                else
                {
                    ParquetEncoding.WriteBytes(page.Bytes, ((byte[])(object)elements).AsSpan(start, length));
                }

                start += length;
            }

            return lengths.Length;
        }
    }
}
