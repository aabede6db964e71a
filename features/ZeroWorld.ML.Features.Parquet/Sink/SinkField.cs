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
        int[] values => new Typed<int>(Leaf<int>(column.Name, false), values.AsMemory(0, column.Rows), null),
        long[] values => new Typed<long>(Leaf<long>(column.Name, false), values.AsMemory(0, column.Rows), null),
        string?[] values => Texts(Leaf<string>(column.Name, true), values.AsSpan(0, column.Rows)),
        _ => throw new ArgumentException($"Column '{column.Name}' is {column.Values.GetType().Name}; expected one of the types that a sink column may have."),
    };

    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken);

    private static Typed<ReadOnlyMemory<char>> Texts(DataField leaf, ReadOnlySpan<string?> rows)
    {
        var (values, count) = (new ReadOnlyMemory<char>[rows.Length], 0);
        var definitions = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] is { } text)
            {
                values[count++] = text.AsMemory();
                definitions[row] = 1;
            }
        }

        return new Typed<ReadOnlyMemory<char>>(leaf, values.AsMemory(0, count), definitions);
    }

    protected static DataField Leaf<T>(string name, bool isNullable) => new(name, typeof(T), isNullable);

    private sealed class Typed<T>(Field field, ReadOnlyMemory<T> values, int[]? definitions) : SinkField(field)
        where T : struct
    {
        public override Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken) => group.WriteAllPartsAsync<T>(
            leaf, values, definitions is null ? null : (ReadOnlyMemory<int>?)definitions, null, cancellationToken);
    }
}
