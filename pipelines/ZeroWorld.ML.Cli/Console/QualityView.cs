using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Cli;

/// <summary>What an import or a materialization found of the bounds that definitions declare.</summary>
internal static class QualityView
{
    /// <summary>Writes a table; nothing where no feature declares bounds.</summary>
    public static void Write(IReadOnlyList<FeatureQuality> quality)
    {
        if (quality.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("view", "feature", "bounds", "values", "outside", "share");
        foreach (var feature in quality)
        {
            var share = feature.Values == 0 ? 0 : (double)feature.OutOfBounds / feature.Values;
            var outside = feature.OutOfBounds == 0 ? "0" : $"[yellow]{feature.OutOfBounds:N0}[/]";
            table.AddRow(
                Markup.Escape(feature.View), Markup.Escape(feature.Feature), Markup.Escape(Describe(feature.Bounds)), $"{feature.Values:N0}", outside,
                share.ToString("P2", CultureInfo.InvariantCulture));
        }

        Terminals.Output.Write(table);
    }

    public static string ToJson(string table, TableSummary summary) => new JsonObject
    {
        ["table"] = table,
        ["rows"] = summary.Rows,
        ["bytes"] = summary.Bytes,
        ["first_time"] = summary.FirstTime is { } first ? UnixMicroseconds.ToText(first) : null,
        ["last_time"] = summary.LastTime is { } last ? UnixMicroseconds.ToText(last) : null,
        ["columns"] = new JsonArray([.. summary.Columns.Select(static column => new JsonObject { ["name"] = column.Name, ["type"] = FeatureTypeNames.Of(column.Type) })]),
        ["left_out"] = new JsonArray([.. summary.LeftOut.Select(static column => JsonValue.Create(column))]),
        ["texts"] = new JsonArray([.. summary.Texts.Select(static text => new JsonObject
        {
            ["column"] = text.Name,
            ["line"] = text.Line,
            ["value"] = text.Value,
            ["before"] = text.Type is { } type ? FeatureTypeNames.Of(type) : null,
        })]),
        ["misfits"] = new JsonArray([.. summary.Misfits.Select(static misfit => JsonValue.Create(misfit))]),
        ["null_keys"] = new JsonArray([.. summary.NullKeys.Select(static keys => new JsonObject
        {
            ["columns"] = new JsonArray([.. keys.Columns.Select(static column => JsonValue.Create(column))]),
            ["rows"] = keys.Rows,
            ["first"] = keys.First,
        })]),
        ["quality"] = ToJson(summary.Quality),
    }.ToJsonString();

    public static string ToJson(Materialization result) => new JsonObject
    {
        ["views"] = new JsonArray([.. result.Views.Select(static view => new JsonObject
        {
            ["view"] = view.View,
            ["entities"] = view.Entities,
            ["rows"] = view.Rows,
            ["quarantined"] = view.Quarantined,
            ["null_keys"] = view.NullKeys,
            ["arrived_until"] = UnixMicroseconds.ToText(view.Coverage.To),
            ["quality"] = ToJson(view.Quality),
        })]),
    }.ToJsonString();

    /// <returns><c>0 .. 10</c>; nothing on the side that is not limited.</returns>
    public static string Describe(FeatureBounds bounds) => string.Create(
        CultureInfo.InvariantCulture, $"{(bounds.Minimum is { } least ? $"{least:G10}" : "")} .. {(bounds.Maximum is { } most ? $"{most:G10}" : "")}");

    private static JsonArray ToJson(IReadOnlyList<FeatureQuality> quality) => new([.. quality.Select(static feature => new JsonObject
    {
        ["view"] = feature.View,
        ["feature"] = feature.Feature,
        ["min"] = feature.Bounds.Minimum,
        ["max"] = feature.Bounds.Maximum,
        ["values"] = feature.Values,
        ["out_of_bounds"] = feature.OutOfBounds,
    })]);
}
