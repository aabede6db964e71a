using System.Buffers.Binary;

namespace ZeroWorld.ML.Features;

/// <summary>Computes the aggregates of a windowed view of precision <c>hop</c> at a moment q, from a hop block.</summary>
/// <remarks>
/// A window holds the events with <c>floor((q - d - W) / h) * h &lt;= event time</c>, up to its exact head: Chronon's sawtooth. It is covered with whole tiles
/// that were complete at q and with single events; what cannot be covered is UNAVAILABLE. Summaries do not depend on grouping, so tiles and events give
/// equal bits. Immutable and thread safe.
/// </remarks>
internal sealed class HopKernel
{
    private readonly uint _fingerprint;
    private readonly WindowLayout _layout;
    private readonly HopLevels _levels;
    private readonly SummaryPlan[] _plans;
    private readonly WindowFeature[] _features;
    private readonly Window[] _windows;
    private readonly long _labelDelay;
    private readonly bool _includesRequest;

    public HopKernel(StorageField field, WindowLayout layout)
    {
        var view = (WindowedView)field.View;
        _fingerprint = field.Fingerprint;
        _layout = layout;
        _levels = new HopLevels(view);
        _plans = [.. SummaryPlan.Of(view, view.StoredColumns).Select(static plan => plan!)];
        _features = [.. view.Features];
        _labelDelay = UnixMicroseconds.FromTimeSpan(view.LabelDelay);
        _includesRequest = view.IncludesRequest;
        var columns = view.StoredColumns.Select(static column => column.Name).ToList();
        _windows =
        [
            .. view.Features.Index()
                .GroupBy(item => (Length: UnixMicroseconds.FromTimeSpan(item.Item.Window), Level: _levels.LevelOf(item.Item)))
                .Select(group => new Window(
                    group.Key.Length,
                    group.Key.Level,
                    [.. group.Select(item => (item.Index, item.Item.Column is { } column ? columns.IndexOf(column) : -1))])),
        ];
    }

    /// <inheritdoc cref="WindowKernel.EvaluateInto"/>
    /// <returns><see langword="false"/> when the bytes are no block of this view; cells may have been written.</returns>
    public bool Evaluate(
        ReadOnlySpan<byte> block,
        long coveredFrom,
        long q,
        ReadOnlySpan<FeatureValue> request,
        ReadOnlySpan<int> inputs,
        Span<FeatureCell> cells,
        ReadOnlySpan<int> targets)
    {
        var parts = default(HopParts);
        if (!block.IsEmpty)
        {
            if (!HopBlockCodec.TryParse(block, _fingerprint, _levels.Sizes.Length, _layout.RowWidth, out parts))
            {
                return false;
            }

            coveredFrom = Math.Max(coveredFrom, parts.LostUntil);
        }

        // Without label delay the head is exclusive (event time < q), with one it is inclusive (event time <= q - d).
        var head = WindowKernel.SaturatingSubtract(q, _labelDelay);
        var end = _labelDelay == 0 || head == long.MaxValue ? head : head + 1;
        foreach (var window in _windows)
        {
            var size = _levels.Sizes[window.Level];
            var tail = HopLevels.Floor(WindowKernel.SaturatingSubtract(head, window.Length), size);
            var summary = new WindowSummary(_layout, _plans);
            if (_includesRequest)
            {
                summary.AddRequest(q, request, inputs);
            }

            var isCovered = tail > coveredFrom || coveredFrom == long.MinValue;
            if (isCovered && !block.IsEmpty)
            {
                isCovered = TryCover(parts, tail, end, window.Level, q, summary, out var isBroken);
                if (isBroken)
                {
                    return false;
                }
            }

            foreach (var (feature, column) in window.Features)
            {
                if (targets[feature] is >= 0 and var target)
                {
                    cells[target] = isCovered
                        ? summary.Finish(_features[feature], column)
                        : FeatureCell.Missing(_features[feature].Field.Type, FeatureStatus.Unavailable);
                }
            }
        }

        return true;
    }

    /// <summary>Adds the events with <c>start &lt;= event time &lt; end</c> that were known at q.</summary>
    /// <returns><see langword="false"/> when the block does not hold what that needs.</returns>
    private bool TryCover(in HopParts parts, long start, long end, int level, long q, WindowSummary summary, out bool isBroken)
    {
        isBroken = false;
        if (start >= end)
        {
            return true;
        }

        if (level < 0)
        {
            return TryCoverWithEvents(parts, start, end, q, summary);
        }

        var size = _levels.Sizes[level];
        var first = HopLevels.Ceiling(start, size);
        var last = HopLevels.Floor(end, size);
        if (first >= last || parts.FromOf(level) > first)
        {
            return TryCover(parts, start, end, level - 1, q, summary, out isBroken);
        }

        if (!TryCover(parts, start, first, level - 1, q, summary, out isBroken))
        {
            return false;
        }

        var tiles = parts.Directory.Length / HopBlockCodec.EntryLength;
        for (var index = parts.FindTile(level, first); index < tiles; index++)
        {
            isBroken = !parts.TryGetTile(index, out var entry, out var body);
            if (isBroken)
            {
                return false;
            }

            if (entry.Level != level || entry.Start >= last)
            {
                break;
            }

            if (entry.Created <= q)
            {
                isBroken = !summary.TryMerge(entry, body);
            }
            else if (!TryCover(parts, entry.Start, entry.Start + size, level - 1, q, summary, out isBroken))
            {
                return false;
            }

            if (isBroken)
            {
                return false;
            }
        }

        return TryCover(parts, last, end, level - 1, q, summary, out isBroken);
    }

    private bool TryCoverWithEvents(in HopParts parts, long start, long end, long q, WindowSummary summary)
    {
        if (start <= parts.EventsFrom && parts.EventsFrom != long.MinValue)
        {
            return false;
        }

        var rows = parts.Events[WindowBlockCodec.HeaderLength..];
        var last = _layout.CountBefore(rows, end, isInclusive: false);
        for (var index = _layout.CountBefore(rows, start, isInclusive: false); index < last; index++)
        {
            var row = rows.Slice(index * _layout.RowWidth, _layout.RowWidth);
            if (BinaryPrimitives.ReadInt64LittleEndian(row[WindowBlockCodec.CreatedTimeOffset..]) <= q)
            {
                summary.AddRow(row);
            }
        }

        return true;
    }

    private sealed record Window(long Length, int Level, (int Feature, int Column)[] Features);
}
