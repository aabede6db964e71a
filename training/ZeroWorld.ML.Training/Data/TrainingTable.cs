using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Training;

/// <summary>Rows to learn from, in order of (time, row id), with float32 features as the model will see them.</summary>
/// <remarks>Immutable and thread safe. Takes 4 bytes per feature and 25 bytes beside them per row.</remarks>
public sealed class TrainingTable
{
    private readonly float[] _features;
    private readonly bool[] _labels;
    private readonly long[] _times;
    private readonly long[] _cards;
    private readonly long[] _ids;

    private TrainingTable(IReadOnlyList<string> names, float[] features, bool[] labels, long[] times, long[] cards, long[] ids)
    {
        FeatureNames = names;
        _features = features;
        _labels = labels;
        _times = times;
        _cards = cards;
        _ids = ids;
    }

    public IReadOnlyList<string> FeatureNames { get; }

    public int Rows => _labels.Length;

    /// <summary>Features of one row.</summary>
    public ReadOnlySpan<float> Features(int row) => _features.AsSpan(row * FeatureNames.Count, FeatureNames.Count);

    public bool Label(int row) => _labels[row];

    /// <summary>Event time of a row, microseconds since the epoch.</summary>
    public long Time(int row) => _times[row];

    /// <summary>Card of a row.</summary>
    public long Card(int row) => _cards[row];

    /// <summary>Id of a row.</summary>
    public long RowId(int row) => _ids[row];

    /// <summary>The first row at or after a moment; <see cref="Rows"/> when there is none.</summary>
    public int FindFirst(long time)
    {
        var (low, high) = (0, Rows);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = _times[middle] < time ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Labels of some rows, in their order.</summary>
    public bool[] LabelsOf(ReadOnlySpan<int> rows)
    {
        var labels = new bool[rows.Length];
        for (var index = 0; index < rows.Length; index++)
        {
            labels[index] = _labels[rows[index]];
        }

        return labels;
    }

    /// <summary>How many of some rows have a positive label.</summary>
    public int CountPositives(ReadOnlySpan<int> rows)
    {
        var positives = 0;
        foreach (var row in rows)
        {
            positives += _labels[row] ? 1 : 0;
        }

        return positives;
    }

    /// <summary>Copies a frame: features are rounded to float32 (what the served model is given), rows are put in order of (time, row id).</summary>
    /// <param name="frame">Numeric columns as double[], long[], float[], int[] or bool[].</param>
    /// <param name="columns">What they mean.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a feature is no finite number or a label neither 0 nor 1.</exception>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, <see cref="FeatureError.InvalidInput"/>: a column is missing or of another type.</exception>
    public static TrainingTable FromFrame(ColumnFrame frame, TrainingColumns columns)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(columns);
        var times = frame.Get<long>(columns.Time);
        var ids = frame.Get<long>(columns.RowId);
        var order = SortRows(times, ids);
        var features = new float[checked(frame.Rows * columns.Features.Count)];
        for (var column = 0; column < columns.Features.Count; column++)
        {
            NumericColumn.Of(frame, columns.Features[column]).CopyTo(features, column, columns.Features.Count, order, ids);
        }

        return new TrainingTable(
            columns.Features,
            features,
            NumericColumn.Of(frame, columns.Label).ToLabels(order, ids),
            Pick(times, order),
            Pick(frame.Get<long>(columns.Card), order),
            Pick(ids, order));
    }

    /// <summary>A table of features that an encoder made.</summary>
    /// <param name="names">Names of the features.</param>
    /// <param name="features">Row-major [rows, features]; taken over, not copied.</param>
    /// <param name="labels">One per row.</param>
    /// <param name="times">Microseconds since the epoch, ascending.</param>
    /// <param name="cards">Card (entity) of each row.</param>
    /// <param name="ids">Id of each row.</param>
    /// <exception cref="ArgumentException">Lengths differ, or times descend.</exception>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: a feature is no finite number.</exception>
    public static TrainingTable FromRows(IReadOnlyList<string> names, float[] features, bool[] labels, long[] times, long[] cards, long[] ids)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(times);
        ArgumentNullException.ThrowIfNull(cards);
        ArgumentNullException.ThrowIfNull(ids);
        var rows = labels.Length;
        if (times.Length != rows || cards.Length != rows || ids.Length != rows || features.LongLength != (long)rows * names.Count)
        {
            throw new ArgumentException($"There are {rows} labels, {times.Length} times, {cards.Length} cards, {ids.Length} ids and {features.Length} values of {names.Count} features.", nameof(labels));
        }

        for (var row = 1; row < rows; row++)
        {
            if (times[row] < times[row - 1])
            {
                throw new ArgumentException($"Row {row} is earlier than the one before it.", nameof(times));
            }
        }

        var wrong = Array.FindIndex(features, static value => !float.IsFinite(value));
        return wrong < 0
            ? new TrainingTable(names, features, labels, times, cards, ids)
            : throw new TrainingException(
                TrainingError.UnsuitableData, $"Feature '{names[wrong % names.Count]}' of row id {ids[wrong / names.Count]} is {features[wrong]}; expected a finite float32.");
    }

    private static int[] SortRows(long[] times, long[] ids)
    {
        var order = new int[times.Length];
        var isSorted = true;
        for (var row = 0; row < order.Length; row++)
        {
            order[row] = row;
            isSorted &= row == 0 || times[row - 1] < times[row] || (times[row - 1] == times[row] && ids[row - 1] <= ids[row]);
        }

        if (!isSorted)
        {
            Array.Sort(order, (left, right) => (times[left], ids[left], left).CompareTo((times[right], ids[right], right)));
        }

        return order;
    }

    private static long[] Pick(long[] values, int[] order)
    {
        var picked = new long[order.Length];
        for (var row = 0; row < order.Length; row++)
        {
            picked[row] = values[order[row]];
        }

        return picked;
    }
}
