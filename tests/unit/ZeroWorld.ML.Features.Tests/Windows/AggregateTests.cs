using System.Globalization;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>Every aggregate, in both precisions, against the naive oracle; and what a store makes of pushes against what a training set sees.</summary>
public sealed class AggregateTests
{
    public static TheoryData<int, bool> Seeds => [.. Enumerable.Range(0, 12).SelectMany(static seed => new (int, bool)[] { (seed, false), (seed, true) })];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Evaluate_RandomHistories_AgreeWithTheOracle(int seed, bool isHop)
    {
        var random = new Random(seed);
        var view = AggregateCases.MakeView(random, isHop ? WindowPrecision.Hop : WindowPrecision.Exact);
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var kernel = new WindowKernel(field);
        var events = AggregateCases.MakeEvents(random, 70);
        var history = AggregateCases.MakeHistory(field, events);
        var cells = new FeatureCell[kernel.Features];
        for (var read = 0; read < 40; read++)
        {
            var q = AggregateCases.MakeMoment(random, events);
            var request = AggregateCases.MakeRequest(random);
            Assert.True(kernel.Evaluate(history, long.MinValue, q, request, cells));
            for (var index = 0; index < cells.Length; index++)
            {
                Check($"seed {seed}, hop {isHop}, q {q}", view, view.Features[index], events, q, request, cells[index]);
            }
        }
    }

    /// <summary>The store holds what arrived by q, written as it came: its cells equal those of the training set, bit for bit.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Evaluate_OfWhatWasPushed_EqualsTheHistoryBitForBit(int seed, bool isHop)
    {
        var random = new Random(1000 + seed);
        var view = AggregateCases.MakeView(random, isHop ? WindowPrecision.Hop : WindowPrecision.Exact);
        var field = StorageField.Of(view, hasIntegerEventId: true);
        var kernel = new WindowKernel(field);
        var events = AggregateCases.MakeEvents(random, 70);
        var history = AggregateCases.MakeHistory(field, events);
        var (offline, online) = (new FeatureCell[kernel.Features], new FeatureCell[kernel.Features]);
        for (var read = 0; read < 12; read++)
        {
            var q = AggregateCases.MakeMoment(random, events);
            var request = AggregateCases.MakeRequest(random);
            var block = Push(field, events.Where(item => item.Arrival <= q).OrderBy(static item => item.Arrival).ToList(), 1 + random.Next(9));

            kernel.Evaluate(history, long.MinValue, q, request, offline);
            Assert.True(kernel.Evaluate(block, long.MinValue, q, request, online));

            for (var index = 0; index < online.Length; index++)
            {
                Assert.True(
                    offline[index] == online[index],
                    $"seed {seed}, q {q}, {view.Features[index].Function} of {view.Features[index].Column} over {view.Features[index].Window}: offline {offline[index]}, online {online[index]}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Merge_OfTilesInAnyOrderAndGrouping_EndsWithTheSameBytes(int seed)
    {
        var random = new Random(seed);
        var field = StorageField.Of(AggregateCases.MakeView(random, WindowPrecision.Hop), hasIntegerEventId: true);

        // One event per id, all within the history of the view, so that none is too late.
        var events = AggregateCases.MakeEvents(random, 200).DistinctBy(static item => item.Id).Where(static item => item.Event > 97 * 86_400_000_000L).ToList();
        var expected = Push(field, events, events.Count);
        for (var round = 0; round < 4; round++)
        {
            var shuffled = events.ToArray();
            random.Shuffle(shuffled);
            Assert.Equal(expected, Push(field, [.. shuffled, .. shuffled.Take(20)], 1 + random.Next(30)));
        }
    }

    private static byte[] Push(StorageField field, IReadOnlyList<TypedEvent> events, int chunk)
    {
        byte[] block = [];
        var newest = long.MinValue;
        foreach (var batch in events.Chunk(chunk))
        {
            newest = Math.Max(newest, batch.Max(static item => item.Event));
            var trim = newest - UnixMicroseconds.FromTimeSpan(((WindowedView)field.View).Retention);
            var added = AggregateCases.MakeBlock(field, batch);
            block = field.IsHop
                ? HopBlockMerge.Merge(field, block, added, trim, long.MinValue)
                : WindowBlockMerge.Merge(field, block, added, trim, 4096);
        }

        return block;
    }

    private static void Check(string name, WindowedView view, WindowFeature feature, IReadOnlyList<TypedEvent> events, long q, FeatureValue[] request, FeatureCell cell)
    {
        var selected = AggregateOracle.Select(events, view, feature, q);
        var columns = view.StoredColumns.Select(static column => column.Name).ToList();
        var column = feature.Column is null ? -1 : "vns".IndexOf(feature.Column, StringComparison.Ordinal);
        Assert.Equal(["v", "n", "s"], columns);
        List<FeatureValue[]> rows = [.. selected.Select(static item => item.Values), .. view.IncludesRequest ? [request] : Array.Empty<FeatureValue[]>()];
        var (status, value, tolerance) = column < 0
            ? (FeatureStatus.Present, FeatureValue.FromInt64(rows.Count), 0.0)
            : AggregateOracle.Aggregate(feature, feature.ColumnType, [.. rows.Select(row => OneZero(row[column]))], view.Precision == WindowPrecision.Hop);
        var eventTime = view.IncludesRequest ? q : selected.Count > 0 ? selected[^1].Event : (long?)null;
        var text = string.Create(CultureInfo.InvariantCulture, $"{name}: {feature.Function} of {feature.Column} over {feature.Window}, hop {feature.Hop}: {cell}, expected {status} {value} at {eventTime}");

        Assert.True(cell.Status == status && cell.EventTime == eventTime, text);
        var isNear = value.IsNumeric && !value.IsNull && !cell.Value.IsNull && Math.Abs(value.ToDouble() - cell.Value.ToDouble()) <= tolerance;
        Assert.True(
            cell.Value.Equals(value) || isNear || (value.Type == FeatureType.Float64 && !value.IsNull && value.AsFloat64().Equals(cell.Value.AsFloat64())), text);
    }

    // Windows know one zero only.
    private static FeatureValue OneZero(FeatureValue value) =>
        value is { IsNull: false, Type: FeatureType.Float64 } && value.AsFloat64() == 0 ? FeatureValue.FromFloat64(0) : value;
}
