using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>An answer on its way to the log.</summary>
internal abstract record PredictionLogItem
{
    public abstract ModelName Model { get; }

    public abstract DateTimeOffset ReceivedAt { get; }

    public abstract string PredictionId { get; }

    /// <summary>Rows in the log.</summary>
    public abstract int RowCount { get; }

    /// <summary>What it counts against the bounds of the log, which are in rows of ordinary size.</summary>
    public abstract int Weight { get; }

    /// <summary>Makes its rows, once: what it was made of may be used again after that.</summary>
    public abstract void AddTo(PredictionLogColumns columns);
}
