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
        int[] values => new Typed<int>(Leaf<int>(column.Name, false), values, null, null),
        long[] values => new Typed<long>(Leaf<long>(column.Name, false), values, null, null),
        string?[] values => Scalars(Leaf<string>(column.Name, true), values, static text => text is null ? null : (ReadOnlyMemory<char>?)text.AsMemory()),
        byte[]?[] values => Scalars(
            Leaf<byte[]>(column.Name, true), values, static bytes => bytes is null ? null : (ReadOnlyMemory<byte>?)bytes),
        double?[][] lists => Lists(column.Name, Leaf<double>(Element, true), lists, static value => value),
        long?[][] lists => Lists(column.Name, Leaf<long>(Element, true), lists, static value => value),
        int[][] lists => Lists(column.Name, Leaf<int>(Element, false), lists, static value => (int?)value),
        bool[][] lists => Lists(column.Name, Leaf<bool>(Element, false), lists, static value => (bool?)value),
        string?[][] lists => Lists(column.Name, Leaf<string>(Element, true), lists, static text => text is null ? null : (ReadOnlyMemory<char>?)text.AsMemory()),
        _ => throw new ArgumentException($"Column '{column.Name}' is {column.Values.GetType().Name}; expected one of the types that a sink column may have."),
    };

    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken);

    private static Typed<TStored> Scalars<T, TStored>(DataField leaf, T[] rows, Func<T, TStored?> convert)
        where TStored : struct
    {
        var (values, count) = (new TStored[rows.Length], 0);
        var definitions = new int[rows.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            if (convert(rows[row]) is { } value)
            {
                values[count++] = value;
                definitions[row] = 1;
            }
        }

        return new Typed<TStored>(leaf, values.AsMemory(0, count), definitions, null);
    }

    private static Typed<TStored> Lists<T, TStored>(string name, DataField element, T[][] rows, Func<T, TStored?> convert)
        where TStored : struct
    {
        // 0: no list; 1: an empty list; 2: an element that is null (or, where elements cannot be, one that is there); 3: an element.
        var present = element.IsNullable ? 3 : 2;
        var values = new List<TStored>();
        var (definitions, repetitions) = (new List<int>(), new List<int>());
        foreach (var list in rows)
        {
            if (list is null || list.Length == 0)
            {
                definitions.Add(list is null ? 0 : 1);
                repetitions.Add(0);
                continue;
            }

            for (var index = 0; index < list.Length; index++)
            {
                repetitions.Add(index == 0 ? 0 : 1);
                if (convert(list[index]) is { } value)
                {
                    values.Add(value);
                    definitions.Add(present);
                }
                else
                {
                    definitions.Add(2);
                }
            }
        }

        return new Typed<TStored>(new ListField(name, element), values.ToArray(), [.. definitions], [.. repetitions]);
    }

    protected static DataField Leaf<T>(string name, bool isNullable) => new(name, typeof(T), isNullable);

    private sealed class Typed<T>(Field field, ReadOnlyMemory<T> values, int[]? definitions, int[]? repetitions) : SinkField(field)
        where T : struct
    {
        public override Task WriteAsync(ParquetRowGroupWriter group, DataField leaf, CancellationToken cancellationToken) => group.WriteAllPartsAsync<T>(
            leaf, values, Optional(definitions), Optional(repetitions), cancellationToken);

        private static ReadOnlyMemory<int>? Optional(int[]? levels) => levels is null ? null : (ReadOnlyMemory<int>?)levels;
    }
}
