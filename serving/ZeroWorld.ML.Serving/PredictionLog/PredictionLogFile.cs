using System.Globalization;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The rows of one file: one model and one day.</summary>
internal sealed class PredictionLogFile
{
    private PredictionLogFile(string path, HashSet<PredictionLogEntry> entries, IReadOnlyList<PredictionLogEntry> ordered)
    {
        Path = path;
        Entries = entries;
        Ordered = ordered;
        foreach (var entry in ordered)
        {
            Rows += entry.Result.Rows;
        }
    }

    /// <summary>Relative to the root of the log, with '/'.</summary>
    public string Path { get; }

    public HashSet<PredictionLogEntry> Entries { get; }

    public int Rows { get; }

    private IReadOnlyList<PredictionLogEntry> Ordered { get; }

    /// <summary>Parts entries into files, in order of arrival.</summary>
    public static IReadOnlyList<PredictionLogFile> Group(IEnumerable<PredictionLogEntry> entries) =>
    [
        .. entries.GroupBy(static entry => Folder(entry), StringComparer.Ordinal).Select(static group =>
        {
            PredictionLogEntry[] ordered = [.. group];

            // The first id makes the name unique, and a repeated attempt replaces what a failed one may have left.
            return new PredictionLogFile($"{group.Key}/part-{ordered[0].Result.PredictionId}.parquet", new(ordered, ReferenceEqualityComparer.Instance), ordered);
        }),
    ];

    /// <summary>Columns in the order of docs/formats/prediction-log.md.</summary>
    public IReadOnlyList<SinkColumn> ToColumns()
    {
        var columns = new PredictionLogColumns(Rows);
        foreach (var entry in Ordered)
        {
            columns.Add(entry);
        }

        return columns.ToSinkColumns();
    }

    private static string Folder(PredictionLogEntry entry) => string.Create(
        CultureInfo.InvariantCulture,
        $"project={entry.Servable.Model.Project}/model={entry.Servable.Model.Name}/date={entry.Received.UtcDateTime:yyyy-MM-dd}");
}
