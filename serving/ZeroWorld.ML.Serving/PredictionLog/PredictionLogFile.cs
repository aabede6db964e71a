using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>A file that is being filled: one model and one day.</summary>
/// <param name="columns">Its rows so far: none.</param>
/// <param name="first">Its first entry: the id makes the name unique, and a repeated attempt replaces what a failed one may have left.</param>
internal sealed class PredictionLogFile(PredictionLogColumns columns, PredictionLogItem first)
{
    /// <summary>Relative to the root of the log, with '/'.</summary>
    public string Path { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"project={first.Model.Project}/model={first.Model.Name}/date={first.ReceivedAt.UtcDateTime:yyyy-MM-dd}/part-{first.PredictionId}.parquet");

    public ModelName Model { get; } = first.Model;

    public DateOnly Date { get; } = DateOnly.FromDateTime(first.ReceivedAt.UtcDateTime);

    public PredictionLogColumns Columns { get; } = columns;

    /// <summary>What its rows count against the bounds of the log.</summary>
    public int Weight { get; private set; }

    public void Add(PredictionLogItem item)
    {
        item.AddTo(Columns);
        Weight += item.Weight;
    }
}
