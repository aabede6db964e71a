namespace ZeroWorld.ML.Features;

/// <summary>What an expression reads while it runs.</summary>
/// <param name="q">The moment of the read, microseconds since the epoch.</param>
/// <param name="request">Request values as the service declares them.</param>
/// <param name="row">The row so far: view features and the transforms above.</param>
/// <param name="hidden">Results of the transforms above, by index, where they are no column of the row.</param>
internal readonly ref struct ExpressionContext(
    long q, ReadOnlySpan<FeatureValue> request, ReadOnlySpan<FeatureCell> row, ReadOnlySpan<FeatureValue> hidden)
{
    public readonly long Q = q;
    public readonly ReadOnlySpan<FeatureValue> Request = request;
    public readonly ReadOnlySpan<FeatureCell> Row = row;
    public readonly ReadOnlySpan<FeatureValue> Hidden = hidden;
}
