using System.Buffers;
using System.Runtime.CompilerServices;
using Parquet;
using Parquet.Schema;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A column that came flat. What Parquet needs beside it is rented, and given back when the column is written.</summary>
internal abstract class FlatSinkField(Field field) : SinkField(field)
{
    // The same levels as those of lists that come row by row.
    private const int EmptyList = 1;
    private const int NullElement = 2;

    /// <exception cref="ArgumentException">The type of the elements is none that a sink writes, or there are fewer than the lengths say.</exception>
    public static FlatSinkField Create(SinkLists column)
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
            double[] elements => new Lists<double, double>(column, Leaf<double>(Element, true), elements, total, null),
            long[] elements => new Lists<long, long>(column, Leaf<long>(Element, true), elements, total, null),
            int[] elements => new Lists<int, int>(column, Leaf<int>(Element, false), elements, total, null),
            bool[] elements => new Lists<bool, bool>(column, Leaf<bool>(Element, false), elements, total, null),
            string?[] elements => new Lists<string?, ReadOnlyMemory<char>>(
                column, Leaf<string>(Element, true), elements, total, static text => text is null ? null : (ReadOnlyMemory<char>?)text.AsMemory()) { HasDictionary = column.HasFewTexts },
            byte[] elements => new Slices<byte>(Leaf<byte[]>(column.Name, true), elements, column.Lengths.AsMemory(0, column.Rows)),
            char[] elements => new Slices<char>(Leaf<string>(column.Name, true), elements, column.Lengths.AsMemory(0, column.Rows)),
            _ => throw new ArgumentException($"Column '{column.Name}' has {column.Elements.GetType().Name} elements; expected one of the types that flat columns may have."),
        };
    }

    private sealed class Lists<T, TStored>(SinkLists column, DataField element, T[] elements, int total, Func<T, TStored?>? convert)
        : FlatSinkField(new ListField(column.Name, element))
        where TStored : struct
    {
        private readonly int _present = element.IsNullable ? 3 : 2;

        public override async Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken)
        {
            var levelsMax = total + column.Rows;
            var definitions = ArrayPool<int>.Shared.Rent(levelsMax);
            var repetitions = ArrayPool<int>.Shared.Rent(levelsMax);
            var rented = convert is null && column.AreNull is null ? null : ArrayPool<TStored>.Shared.Rent(total);
            try
            {
                var (levels, values) = Fill(definitions, repetitions, rented);
                var stored = rented is null ? (TStored[])(object)elements : rented;
                await group.WriteAllPartsAsync<TStored>(
                    leaf, stored.AsMemory(0, values), definitions.AsMemory(0, levels), repetitions.AsMemory(0, levels), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<int>.Shared.Return(definitions);
                ArrayPool<int>.Shared.Return(repetitions);
                if (rented is not null)
                {
                    ArrayPool<TStored>.Shared.Return(rented, clearArray: convert is not null);
                }
            }
        }

        /// <returns>How many levels and values there are.</returns>
        private (int Levels, int Values) Fill(int[] definitions, int[] repetitions, TStored[]? target)
        {
            var (levels, values, next) = (0, 0, 0);
            foreach (var length in column.Lengths.AsSpan(0, column.Rows))
            {
                if (length <= 0)
                {
                    (definitions[levels], repetitions[levels]) = (length < 0 ? 0 : EmptyList, 0);
                    levels++;
                    continue;
                }

                for (var index = 0; index < length; index++, next++, levels++)
                {
                    repetitions[levels] = index == 0 ? 0 : 1;
                    var isThere = target is null || TryStore(next, target, values);
                    definitions[levels] = isThere ? _present : NullElement;
                    values += isThere ? 1 : 0;
                }
            }

            return (levels, values);
        }

        private bool TryStore(int index, TStored[] target, int at)
        {
            if (column.AreNull is { } areNull && areNull[index])
            {
                return false;
            }

            if (convert is null)
            {
                // Without a conversion the two types are the same.
                target[at] = Unsafe.As<T, TStored>(ref elements[index]);
                return true;
            }

            if (convert(elements[index]) is not { } value)
            {
                return false;
            }

            target[at] = value;
            return true;
        }
    }

    private sealed class Slices<T>(DataField field, T[] elements, ReadOnlyMemory<int> lengths) : FlatSinkField(field)
    {
        public override async Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken)
        {
            var definitions = ArrayPool<int>.Shared.Rent(lengths.Length);
            var rented = ArrayPool<ReadOnlyMemory<T>>.Shared.Rent(lengths.Length);
            try
            {
                var values = Fill(definitions, rented);
                await group.WriteAllPartsAsync<ReadOnlyMemory<T>>(
                    leaf, rented.AsMemory(0, values), definitions.AsMemory(0, lengths.Length), null, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<int>.Shared.Return(definitions);
                ArrayPool<ReadOnlyMemory<T>>.Shared.Return(rented, clearArray: true);
            }
        }

        private int Fill(int[] definitions, ReadOnlyMemory<T>[] target)
        {
            var (values, next) = (0, 0);
            var rows = lengths.Span;
            for (var row = 0; row < rows.Length; row++)
            {
                definitions[row] = rows[row] < 0 ? 0 : 1;
                if (rows[row] >= 0)
                {
                    target[values++] = elements.AsMemory(next, rows[row]);
                    next += rows[row];
                }
            }

            return values;
        }
    }
}
