namespace ZeroWorld.ML.Features;

/// <summary>One feature of one row: value, why it is what it is, and when it happened.</summary>
/// <param name="Value">The value, the declared default in its place, or a typed null.</param>
/// <param name="Status">Why; the default does not change it.</param>
/// <param name="EventTime">Microseconds since the epoch: of the row, or of the newest event in the window; <see langword="null"/> where there is none.</param>
/// <param name="IsDefaulted">Whether <paramref name="Value"/> is the declared default.</param>
public readonly record struct FeatureCell(FeatureValue Value, FeatureStatus Status, long? EventTime, bool IsDefaulted)
{
    /// <summary>A value that comes from no row: <see cref="FeatureStatus.Present"/>, or <see cref="FeatureStatus.Null"/> when it is null.</summary>
    public static FeatureCell Of(FeatureValue value) => new(value, value.IsNull ? FeatureStatus.Null : FeatureStatus.Present, null, false);

    /// <summary>The declared default of a request value that nobody gave: <see cref="FeatureStatus.Null"/>, as for any default in the place of a null.</summary>
    public static FeatureCell OfDefault(FeatureValue value) => new(value, FeatureStatus.Null, null, true);

    public static FeatureCell Missing(FeatureType type, FeatureStatus status) => new(FeatureValue.Null(type), status, null, false);
}
