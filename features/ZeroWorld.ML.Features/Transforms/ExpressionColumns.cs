namespace ZeroWorld.ML.Features;

/// <summary>What an expression reads while it runs: columns of equal length, one row or many.</summary>
/// <param name="moments">The moment of each read, microseconds since the epoch.</param>
/// <param name="values">Slot after slot, each with room for <paramref name="stride"/> rows.</param>
/// <param name="slots">Which value is in which slot.</param>
internal readonly ref struct ExpressionColumns(ReadOnlySpan<long> moments, ReadOnlySpan<FeatureValue> values, int stride, TransformSlots slots)
{
    private readonly ReadOnlySpan<FeatureValue> _values = values;

    public readonly ReadOnlySpan<long> Moments = moments;

    public ReadOnlySpan<FeatureValue> Request(int index) => Slot(slots.OfRequest(index));

    public ReadOnlySpan<FeatureValue> Column(int index) => Slot(slots.OfColumn(index));

    /// <summary>The result of a transform above, shown as a column or not.</summary>
    public ReadOnlySpan<FeatureValue> Transform(int index) => Slot(TransformSlots.OfTransform(index));

    private ReadOnlySpan<FeatureValue> Slot(int slot) => _values.Slice(slot * stride, Moments.Length);
}
