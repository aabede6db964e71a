namespace ZeroWorld.ML.Features;

/// <summary>A text in which hidden words stand as what they hide. Immutable.</summary>
public sealed class RestoredText
{
    private readonly (int Start, int End, int OwnStart, int OwnEnd)[] _parts;

    /// <param name="parts">Each replaced part of the given text, and the one in its place, in order and apart.</param>
    internal RestoredText(string text, (int Start, int End, int OwnStart, int OwnEnd)[] parts) => (Text, _parts) = (text, parts);

    /// <summary>The text as it is read.</summary>
    public string Text { get; }

    /// <summary>Carries what each UTF-16 code unit of <see cref="Text"/> has over to those of the given text; what a replaced part has is spread evenly.</summary>
    /// <param name="shares">One per code unit of <see cref="Text"/>.</param>
    /// <param name="length">Of the given text.</param>
    public double[] Spread(ReadOnlySpan<double> shares, int length)
    {
        var spread = new double[length];
        var (given, own) = (0, 0);
        foreach (var (start, end, ownStart, ownEnd) in _parts)
        {
            shares[own..ownStart].CopyTo(spread.AsSpan(given));
            var sum = 0.0;
            foreach (var share in shares[ownStart..ownEnd])
            {
                sum += share;
            }

            spread.AsSpan(start, end - start).Fill(sum / (end - start));
            (given, own) = (end, ownEnd);
        }

        shares[own..].CopyTo(spread.AsSpan(given));
        return spread;
    }
}
