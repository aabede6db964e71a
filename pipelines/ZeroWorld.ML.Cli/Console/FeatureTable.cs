using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Cli;

/// <summary>Features of one row as a table: value, status, event time.</summary>
internal static class FeatureTable
{
    public static Table Of(IReadOnlyList<FeatureColumn> features, int row)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("feature", "value", "status", "event time");
        foreach (var feature in features)
        {
            var isDefaulted = feature.DefaultedRows.Contains((uint)row);
            table.AddRow(
                Markup.Escape(feature.Column.Name),
                Markup.Escape(ShownText.Lines(ColumnText.Show(feature.Column, row)) + (isDefaulted ? " (default)" : "")),
                StatusMarkup((int)feature.Statuses[row]),
                feature.EventTimes.Count > row && feature.EventTimes[row] != 0 ? UnixMicroseconds.ToText(feature.EventTimes[row]) : "[grey]-[/]");
        }

        return table;
    }

    /// <summary>The status in its own word, coloured by whether the value can be trusted.</summary>
    public static string StatusMarkup(int status) => (Features.FeatureStatus)status switch
    {
        Features.FeatureStatus.Present => $"[green]{StatusName(status)}[/]",
        Features.FeatureStatus.Unavailable or Features.FeatureStatus.Unspecified => $"[red]{StatusName(status)}[/]",
        _ => $"[yellow]{StatusName(status)}[/]",
    };

    /// <summary>The word of docs/formats/feature-semantics.md.</summary>
    public static string StatusName(int status) => (Features.FeatureStatus)status switch
    {
        Features.FeatureStatus.Present => "PRESENT",
        Features.FeatureStatus.Null => "NULL",
        Features.FeatureStatus.NotFound => "NOT_FOUND",
        Features.FeatureStatus.OutsideMaxAge => "OUTSIDE_MAX_AGE",
        Features.FeatureStatus.Unavailable => "UNAVAILABLE",
        _ => "UNSPECIFIED",
    };
}
