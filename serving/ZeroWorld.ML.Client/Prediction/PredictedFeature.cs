using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>One feature as the model saw it. Immutable and thread safe.</summary>
public sealed class PredictedFeature
{
    internal PredictedFeature(FeatureColumn feature, int row)
    {
        Name = feature.Column.Name;
        Status = row < feature.Statuses.Count ? feature.Statuses[row] : FeatureStatus.Unspecified;
        IsDefaulted = feature.DefaultedRows.Contains((uint)row);
        Value = WireColumn.GetValue(feature.Column, row);
        EventTime = row < feature.EventTimes.Count && feature.EventTimes[row] != 0 ? WireTime.ToTime(feature.EventTimes[row]) : null;
    }

    public string Name { get; }

    /// <summary>A bool, long, float, double, string, <c>byte[]</c>, <see cref="DateTimeOffset"/>, <c>long[]</c>, <c>double[]</c> or <c>string[]</c>; <see langword="null"/> where there is none.</summary>
    public object? Value { get; }

    /// <summary>Why the value is what it is.</summary>
    public FeatureStatus Status { get; }

    /// <summary>When it happened; <see langword="null"/> where there is no time.</summary>
    public DateTimeOffset? EventTime { get; }

    /// <summary>Whether the declared default stands in the place of a missing value.</summary>
    public bool IsDefaulted { get; }
}
