using System.Buffers;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The answer to a <see cref="PredictionRequest"/>: n rows.</summary>
/// <remarks>Immutable from when it is returned until it is released.</remarks>
public sealed class PredictionResult
{
    private const int HeldByCaller = 1;
    private const int HeldByLog = 2;
    private int _holds = HeldByCaller | HeldByLog;

    /// <value>32 characters of lower-case hex, ascending with time: <see cref="ZeroWorld.ML.Serving.PredictionId"/>.</value>
    public required string PredictionId { get; init; }

    public required ModelName Model { get; init; }

    public required long Version { get; init; }

    /// <value>Number of rows.</value>
    public required int Rows { get; init; }

    /// <value>Outputs as the manifest names them, in its order. Rows that failed hold zeros.</value>
    public required IReadOnlyList<PredictionOutput> Outputs { get; init; }

    /// <value>One per row, empty for a row that failed; no entry at all when the package has no thresholds.</value>
    public required IReadOnlyList<string> Decisions { get; init; }

    /// <value>Columns of the feature service, in order.</value>
    public required IReadOnlyList<ServiceColumn> FeatureColumns { get; init; }

    /// <value>Cells, row-major: [rows, feature columns].</value>
    public required ReadOnlyMemory<FeatureCell> FeatureCells { get; init; }

    /// <value>q per row: microseconds since the epoch.</value>
    public required ReadOnlyMemory<long> Times { get; init; }

    /// <value>Rows that could not be scored, ascending.</value>
    public required IReadOnlyList<RowError> RowErrors { get; init; }

    /// <summary>To be finished by whoever writes the answer.</summary>
    public AnsweredRequest Answered { get; internal set; }

    /// <summary>The pool's array in which the cells lie, with a hold of the caller's and one of the prediction log's; <see langword="null"/>: memory of their own.</summary>
    internal FeatureCell[]? RentedCells { private get; init; }

    /// <summary>Says that the caller looks at <see cref="FeatureCells"/> no more, so that their memory is used again. It need not be said: the collector takes the memory then. Saying it again changes nothing.</summary>
    public void Release() => Release(HeldByCaller);

    /// <summary>The same, of the prediction log.</summary>
    internal void ReleaseFromLog() => Release(HeldByLog);

    private void Release(int hold)
    {
        if (Interlocked.And(ref _holds, ~hold) == hold && RentedCells is { } cells)
        {
            // Texts would be kept alive.
            cells.AsSpan(0, FeatureCells.Length).Clear();
            ArrayPool<FeatureCell>.Shared.Return(cells);
        }
    }
}
