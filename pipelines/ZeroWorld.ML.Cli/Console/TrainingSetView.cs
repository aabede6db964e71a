using System.Globalization;
using Spectre.Console;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Cli;

/// <summary>What a training set holds, column by column.</summary>
internal static class TrainingSetView
{
    public static void Write(TrainingSet set)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("column", "type", "null", "mean", "min", "max");
        foreach (var column in table.Columns.Skip(2))
        {
            column.RightAligned();
        }

        var hasBounds = set.Statistics.Any(static column => column.OutOfBounds > 0);
        if (hasBounds)
        {
            table.AddColumn(new TableColumn("out of bounds").RightAligned());
        }

        foreach (var column in set.Statistics)
        {
            var nulls = column.Nulls == 0 ? "" : ((double)column.Nulls / column.Rows).ToString("P1", CultureInfo.InvariantCulture);
            List<string> cells =
            [
                Markup.Escape(column.Name), FeatureTypeNames.Of(column.Type), nulls,
                Describe(column.Type, column.Mean), Describe(column.Type, column.Minimum), Describe(column.Type, column.Maximum),
            ];
            if (hasBounds)
            {
                cells.Add(column.OutOfBounds == 0 ? "" : $"[yellow]{column.OutOfBounds:N0}[/]");
            }

            table.AddRow([.. cells]);
        }

        Terminals.Output.Write(table);
    }

    private static string Describe(FeatureType type, double? value) => value switch
    {
        null => "",
        { } time when type == FeatureType.Timestamp => UnixMicroseconds.ToText((long)time),
        { } number => number.ToString("G6", CultureInfo.InvariantCulture),
    };
}
