using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows of a table in order of (time, row of the file), with raw feature values: numbers with NaN for null, categories with an empty text for null.</summary>
/// <remarks>Immutable and thread safe. Takes 4 bytes per number, 8 per category, and 25 beside them per row.</remarks>
internal sealed class TableSource
{
    private TableSource(TableFeatures features, float[][] numbers, string[][] categories, bool[] labels, long[] times, long[] entities, long[] ids)
    {
        Features = features;
        (Numbers, Categories) = (numbers, categories);
        (Labels, Times, Entities, Ids) = (labels, times, entities, ids);
    }

    internal TableFeatures Features { get; }

    internal IReadOnlyList<string> Numeric => Features.Numeric;

    internal IReadOnlyList<string> Categorical => Features.Categorical;

    /// <summary>By column, then row.</summary>
    internal float[][] Numbers { get; }

    /// <summary>By column, then row.</summary>
    internal string[][] Categories { get; }

    internal bool[] Labels { get; }

    internal long[] Times { get; }

    internal long[] Entities { get; }

    /// <summary>Row of the file, from 0.</summary>
    internal long[] Ids { get; }

    internal int Rows => Labels.Length;

    /// <summary>Columns of the table that may be features, known before they are chosen.</summary>
    internal int Width { get; private init; }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a column. <see cref="TrainingError.UnsuitableData"/>: a value; the message names column and row.</exception>
    internal static TableSource Of(ColumnFrame frame, FraudTableColumns columns, TableFeatures features, List<string> notes)
    {
        var labels = TableLabels.Read(frame, columns);
        var times = TableTimes.Read(frame, columns.Time, columns.TimeUnit);
        var entities = ReadEntities(frame, columns.Entity);
        int[] order = [.. Enumerable.Range(0, frame.Rows).Where(row => labels[row] >= 0)];
        if (order.Length < frame.Rows)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{frame.Rows - order.Length} rows without a label were left out"));
        }

        Array.Sort(order, (left, right) => (times[left], left).CompareTo((times[right], right)));
        return new TableSource(
            features,
            [.. features.Numeric.Select(name => ReadNumbers(frame, name, order))],
            [.. features.Categorical.Select(name => ReadCategories(frame, name, order))],
            Array.ConvertAll(order, row => labels[row] == 1),
            Array.ConvertAll(order, row => times[row]),
            Array.ConvertAll(order, row => entities[row]),
            Array.ConvertAll(order, static row => (long)row))
        {
            Width = columns.Features?.Count ?? frame.Names.Count,
        };
    }

    /// <summary>Some rows, in their order.</summary>
    internal TableSource Keep(int[] rows) => new(
        Features,
        [.. Numbers.Select(column => Array.ConvertAll(rows, row => column[row]))],
        [.. Categories.Select(column => Array.ConvertAll(rows, row => column[row]))],
        Array.ConvertAll(rows, row => Labels[row]),
        Array.ConvertAll(rows, row => Times[row]),
        Array.ConvertAll(rows, row => Entities[row]),
        Array.ConvertAll(rows, row => Ids[row]))
    {
        Width = Width,
    };

    private static float[] ReadNumbers(ColumnFrame frame, string name, int[] order)
    {
        var numbers = new float[order.Length];
        var column = frame.GetColumn(name);
        for (var index = 0; index < order.Length; index++)
        {
            var row = order[index];
            var value = column is long[] whole ? (whole[row] == long.MinValue ? double.NaN : whole[row]) : ((double[])column)[row];
            numbers[index] = (float)value;
            if (float.IsInfinity(numbers[index]))
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData,
                    string.Create(CultureInfo.InvariantCulture, $"Feature '{name}' of row {row + 1} is {value}; expected a finite float32, or nothing for a missing value."));
            }
        }

        return numbers;
    }

    private static string[] ReadCategories(ColumnFrame frame, string name, int[] order) => frame.GetColumn(name) switch
    {
        string?[] texts => Array.ConvertAll(order, row => texts[row] ?? ""),
        long[] whole => Array.ConvertAll(order, row => whole[row] == long.MinValue ? "" : whole[row].ToString(CultureInfo.InvariantCulture)),
        _ => throw new TrainingException(TrainingError.InvalidInput, $"categorical: the column '{name}' holds fractions; expected texts or whole numbers."),
    };

    private static long[] ReadEntities(ColumnFrame frame, string name)
    {
        var entities = new long[frame.Rows];
        switch (frame.GetColumn(name))
        {
            case long[] whole:
                // A row without an entity is one of its own.
                for (var row = 0; row < entities.Length; row++)
                {
                    entities[row] = whole[row] == long.MinValue ? long.MinValue + 1 + row : whole[row];
                }

                break;
            case string?[] texts:
                var known = new Dictionary<string, long>(StringComparer.Ordinal);
                for (var row = 0; row < entities.Length; row++)
                {
                    if (texts[row] is not { } text)
                    {
                        entities[row] = -1 - row;
                    }
                    else if (!known.TryGetValue(text, out entities[row]))
                    {
                        known.Add(text, entities[row] = known.Count);
                    }
                }

                break;
            default:
                throw new TrainingException(TrainingError.InvalidInput, $"entity: the column '{name}' holds fractions; expected whole numbers or texts.");
        }

        return entities;
    }
}
