using System.Buffers;
using Parquet;
using Parquet.Schema;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>One column of a file as Parquet stores it: the values that are there, and levels that say where nulls and list borders are.</summary>
/// <remarks>Levels after the Dremel paper (Melnik et al., 2010), as the Parquet format uses them.</remarks>
internal abstract class SinkField(Field field)
{
    protected const string Element = "element";

    public Field Field { get; } = field;

    /// <summary>Whether its values are stored once each, in a dictionary.</summary>
    public bool HasDictionary { get; protected init; }

    /// <exception cref="ArgumentException">The type of the values is none that a sink writes.</exception>
    public static SinkField Create(SinkColumn column) => column is SinkLists flat ? FlatSinkField.Create(flat) : column.Values switch
    {
        int[] values => new Typed<int>(Leaf<int>(column.Name, false), values.AsMemory(0, column.Rows)),
        long[] values => new Typed<long>(Leaf<long>(column.Name, false), values.AsMemory(0, column.Rows)),
        string?[] values => new Texts(Leaf<string>(column.Name, true), values.AsMemory(0, column.Rows)),
        _ => throw new ArgumentException($"Column '{column.Name}' is {column.Values.GetType().Name}; expected one of the types that a sink column may have."),
    };

    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken);

    protected static DataField Leaf<T>(string name, bool isNullable) => new(name, typeof(T), isNullable);

    private sealed class Typed<T>(Field field, ReadOnlyMemory<T> values) : SinkField(field)
        where T : struct
    {
        public override Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken) =>
            group.WriteAllPartsAsync<T>(leaf, values, null, null, cancellationToken);
    }

    private sealed class Texts(Field field, ReadOnlyMemory<string?> rows) : SinkField(field)
    {
        public override async Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken)
        {
            var definitions = ArrayPool<int>.Shared.Rent(rows.Length);
            var values = ArrayPool<ReadOnlyMemory<char>>.Shared.Rent(rows.Length);
            try
            {
                var count = Fill(definitions, values);
                await group.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                    leaf, values.AsMemory(0, count), definitions.AsMemory(0, rows.Length), null, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<int>.Shared.Return(definitions);
                ArrayPool<ReadOnlyMemory<char>>.Shared.Return(values, clearArray: true);
            }
        }

        /// <returns>How many texts there are.</returns>
        private int Fill(int[] definitions, ReadOnlyMemory<char>[] values)
        {
            var count = 0;
            for (var row = 0; row < rows.Length; row++)
            {
                var text = rows.Span[row];
                definitions[row] = text is null ? 0 : 1;
                if (text is not null)
                {
                    values[count++] = text.AsMemory();
                }
            }

            return count;
        }
    }
}
