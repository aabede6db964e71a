namespace ZeroWorld.ML.Training.Moderation;

internal static class SpanMaximum
{
    /// <summary>The first place of the greatest value; 0 for NaN only.</summary>
    public static int IndexOfMax(this Span<float> values)
    {
        var best = 0;
        for (var place = 1; place < values.Length; place++)
        {
            best = values[place] > values[best] ? place : best;
        }

        return best;
    }
}
