namespace ZeroWorld.ML.Features;

/// <summary>What an expression reads while it runs over many rows: columns of equal length.</summary>
/// <param name="moments">The moment of each read, microseconds since the epoch.</param>
/// <param name="request">Request values as the service declares them; those that no expression reads may be empty.</param>
/// <param name="columns">Columns of the service: view features and the transforms above; those that no expression reads may be empty.</param>
/// <param name="hidden">Results of the transforms above, by index, where they are no column of the service.</param>
internal readonly ref struct ExpressionColumns(ReadOnlySpan<long> moments, FeatureValue[][] request, FeatureValue[][] columns, FeatureValue[][] hidden)
{
    public readonly ReadOnlySpan<long> Moments = moments;
    public readonly FeatureValue[][] Request = request;
    public readonly FeatureValue[][] Columns = columns;
    public readonly FeatureValue[][] Hidden = hidden;

    public int Count => Moments.Length;
}
